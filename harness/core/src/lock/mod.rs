//! One `fcntl` call: byte-range locks as the kernel offers them.
//!
//! Everything above this room asks for locks through [`ByteLocks`], a trait
//! of four calls. [`KernelLocks`] answers it from the running kernel; the
//! model's double ([`imglock_scenario::TableLocks`]) answers it from memory, so
//! that the lock protocol of [`crate::image`] can be tried without a process.

mod backend;
mod error;
mod range;

pub use backend::{Backend, LockType};
pub use error::{Blocker, LockError};
pub use range::{ByteRange, ParseRangeError, RangeSpec, Whence};

/// The four calls of a byte-range lock interface, for one open file.
///
/// An implementation stands for one descriptor. Who owns the locks follows
/// from its backend: the open file description for [`Backend::Ofd`], the
/// process for [`Backend::Posix`].
pub trait ByteLocks {
    /// `fcntl(fd, F_OFD_SETLK | F_SETLK)`—takes, or changes to `kind`, the
    /// lock on `range` without waiting.
    ///
    /// # Errors
    /// [`LockError::WouldBlock`] when another owner's lock is in the way;
    /// every other variant as fcntl(2) describes it.
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_SETLKW | F_SETLKW)`—like [`ByteLocks::set`], but
    /// waits until the range is free.
    ///
    /// # Errors
    /// [`LockError::Interrupted`] when a signal handler ran, and, for POSIX
    /// locks only, [`LockError::Deadlock`].
    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_SETLK | F_SETLK)` with `F_UNLCK`—gives up every lock
    /// this owner has in `range`, splitting locks that reach beyond it.
    ///
    /// # Errors
    /// As for [`ByteLocks::set`]; it never would block.
    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError>;

    /// `fcntl(fd, F_OFD_GETLK | F_GETLK)`—names the first lock that would be
    /// in the way of [`ByteLocks::set`], or `None` when the range is free.
    ///
    /// Locks of the same owner are never in the way, so a POSIX test from
    /// the process that holds the lock sees nothing.
    ///
    /// # Errors
    /// As for [`ByteLocks::set`]; it never would block.
    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError>;
}
