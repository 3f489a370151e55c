//! Permissions, modes and lock bytes, and QEMU's way to acquire and release them.
//!
//! QEMU tells other processes what it does with an image, and what it lets
//! them do, by read locks on single bytes: byte `100 + i` for permission `i`
//! held, byte `200 + i` for permission `i` not shared (block/file-posix.c,
//! `RAW_LOCK_PERM_BASE` and `RAW_LOCK_SHARED_BASE`).

mod bytes;
mod claim;
mod locking;
mod mode;
mod permission;
mod reading;
mod refusal;

pub use bytes::{HELD_BASE, UNSHARED_BASE, held_byte, lock_bytes, unshared_byte};
pub use claim::Claim;
pub use locking::{FALLBACK_WARNING, Locking};
pub use mode::{Access, Mode};
pub use permission::{Permission, Permissions};
pub use reading::Reading;
pub use refusal::{Refusal, Side};
