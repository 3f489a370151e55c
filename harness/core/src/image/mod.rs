//! Permissions, claims, modes, and QEMU's lock bytes.
//!
//! QEMU uses read locks on single bytes to tell other processes which permissions it holds and
//! which it shares. Byte `100 + i` is locked if permission `i` is held. Byte `200 + i` is locked
//! if permission `i` is not shared (block/file-posix.c, `RAW_LOCK_PERM_BASE` and
//! `RAW_LOCK_SHARED_BASE`).

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
