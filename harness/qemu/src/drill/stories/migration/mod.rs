//! A guest that moves to another QEMU on the same storage.

mod completed;
mod contested;
mod failed;
mod moves;

pub use completed::{HANDOVER, LATE, PAUSED, POSIX_DRIVE};
pub use contested::{GUARDED, INTRUDER, REFUSED, UNLOCKED_SOURCE};
pub use failed::{CANCELLED, DESTINATION_KILLED, NOT_LOADED, SOURCE_KILLED};
