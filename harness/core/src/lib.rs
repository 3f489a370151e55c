//! The words of image locks, as types.
//!
//! Invariant: this crate makes no system call and depends on no crate that can.

mod errno;
mod image;
mod lock;
mod step;

pub use image::{
    Access, Claim, FALLBACK_WARNING, HELD_BASE, Locking, Mode, Permission, Permissions, Reading,
    Refusal, Side, UNSHARED_BASE, held_byte, lock_bytes, unshared_byte,
};
pub use lock::{
    Backend, Blocker, ByteLocks, ByteRange, LockError, LockType, ParseRangeError, RangeSpec, Whence,
};
pub use step::{
    Action, ActionKind, ActionNames, FileSystem, Hazard, LockOwner, ModeSpec, NodeName,
    OpenOptions, Outcome, ParseOutcomeError, TableLock, Verdict,
};

pub use errno::Errno;
