//! Byte-range locks, as one call of fcntl(2) acquires, releases or tests them.
//!
//! [`ByteLocks`] is the interface between the lock protocol and the locks themselves. In the crate
//! `imglock-locks`, `KernelLocks` implements it with the running kernel. In `imglock-scenario`,
//! `TableLocks` implements it in memory, so that the protocol can be tested without a process.

mod backend;
mod error;
mod range;

pub use backend::{Backend, LockType};
pub use error::{Blocker, LockError};
pub use range::{ByteRange, ParseRangeError, RangeSpec, Whence};

/// The four calls of a byte-range lock interface, for one open file.
///
/// An implementation represents one descriptor. The backend determines the owner of its locks: the
/// open file description for [`Backend::Ofd`], the process for [`Backend::Posix`].
pub trait ByteLocks {
    /// `fcntl(fd, F_OFD_SETLK | F_SETLK)`—acquires the lock on `range` without waiting, or changes
    /// the type of a lock that this owner already holds there to `kind`.
    ///
    /// # Errors
    /// [`LockError::WouldBlock`] if another owner holds a conflicting lock. fcntl(2) describes all
    /// other variants.
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_SETLKW | F_SETLKW)`—like [`ByteLocks::set`], but waits until no other owner
    /// holds a conflicting lock.
    ///
    /// # Errors
    /// [`LockError::Interrupted`] if a signal handler ran during the wait;
    /// [`LockError::Deadlock`] for POSIX locks only; otherwise as for [`ByteLocks::set`].
    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_SETLK | F_SETLK)` with `F_UNLCK`—releases all locks of this owner in
    /// `range`. A lock that extends beyond `range` is split.
    ///
    /// # Errors
    /// As for [`ByteLocks::set`], except [`LockError::WouldBlock`].
    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_GETLK | F_GETLK)`—returns the first lock that conflicts with `kind` on
    /// `range`, or `None` if there is no conflict.
    ///
    /// Locks of the same owner do not conflict. A POSIX test from the process that holds the lock
    /// therefore returns `None`.
    ///
    /// # Errors
    /// As for [`ByteLocks::set`], except [`LockError::WouldBlock`].
    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError>;
}
