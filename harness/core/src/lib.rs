//! The vocabulary of disk image locks as plain types.
//!
//! QEMU protects a disk image with advisory locks on single bytes. This crate defines the types
//! that describe those locks: byte ranges and lock types ([`ByteRange`], [`LockType`],
//! [`Backend`]), permissions and claims ([`Permissions`], [`Claim`], [`Mode`]), the steps of a
//! scenario and their outcomes ([`Action`], [`Outcome`], [`Hazard`]), and the trait
//! [`ByteLocks`] between the lock protocol and a kernel or a model of one.
//!
//! Two openers of an image conflict if one of them holds a permission that the other does not
//! share:
//!
//! ```
//! use imglock_core::{Mode, Permission, lock_bytes};
//!
//! let writer = Mode::Rw.claim();
//! let reader = Mode::Ro.claim();
//! assert!(writer.held.has(Permission::Write));
//! assert!(!reader.shared.has(Permission::Write));
//! assert!(writer.conflicts_with(reader));
//!
//! // A cluster disk: both guests use `share-rw=on`.
//! let cluster = Mode::ShareRw.claim();
//! assert!(!cluster.conflicts_with(cluster));
//!
//! // The bytes that QEMU read-locks for the writer.
//! assert_eq!(lock_bytes(writer), [100, 101, 201]);
//! ```
//!
//! # Features
//!
//! `serde` (off by default): [`serde`](https://serde.rs) serialization of the types that appear in
//! documents and messages.
//!
//! # Invariant
//!
//! Invariant: this crate makes no system call and depends on no crate that can make one.

mod errno;
mod image;
mod lock;
mod place;
mod step;

pub use image::{
    Access, Claim, FALLBACK_WARNING, HELD_BASE, Locking, Mode, Permission, Permissions, Reading,
    Refusal, Side, UNSHARED_BASE, held_byte, lock_bytes, unshared_byte,
};
pub use lock::{
    Backend, Blocker, ByteLocks, ByteRange, LockError, LockType, ParseRangeError, RangeSpec, Whence,
};
pub use place::PlaceName;
pub use step::{
    Action, ActionKind, ActionNames, FileSystem, Hazard, LockHolder, LockOwner, ModeSpec, NodeName,
    OpenOptions, Outcome, ParseOutcomeError, ScenarioName, TableLock, Verdict,
};

pub use errno::Errno;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
