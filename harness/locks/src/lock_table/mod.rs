//! What the kernel says: /proc/locks and /proc/PID/fdinfo.
//!
//! An OFD lock has pid -1 in /proc/locks; whose it is shows only in the
//! `lock:` lines of fdinfo. A file's device there is the super block's, which
//! on btrfs and overlayfs is not what stat(2) says, so a file is known by
//! what the kernel prints for a lock of our own ([`FileKey::learn`]).

mod any_line;
mod key;
mod line;
mod reading;

pub use any_line::{AnyLine, LockClass, lines_of, lines_of_fdinfo};
pub use key::FileKey;
pub use line::{LockLine, waiting_lines};
pub use reading::{LockTable, WatchedDescriptor};
