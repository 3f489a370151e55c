use super::{ByteRange, LockType};
use crate::Errno;

/// The lock that stands in the way, as `F_GETLK` reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocker {
    /// Its type.
    pub kind: LockType,
    /// Its bytes, counted from the start of the file.
    pub range: ByteRange,
    /// Its owner, or `None` for an OFD lock, which the kernel reports with
    /// pid -1 because a description may belong to many processes.
    pub pid: Option<i32>,
}

/// Why a lock call did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// `EAGAIN` or `EACCES`: another owner's lock is in the way.
    #[error("another owner holds a conflicting lock")]
    WouldBlock {
        /// What a test right afterwards named; `None` when it was gone.
        blocker: Option<Blocker>,
    },
    /// `EDEADLK`: waiting would close a cycle of waiting POSIX owners.
    #[error("waiting would deadlock")]
    Deadlock,
    /// `EINTR`: a signal handler ran while the call waited.
    #[error("interrupted by a signal")]
    Interrupted,
    /// `ENOTSUP` or `EOPNOTSUPP`: this file system has no such locks.
    #[error("the file system does not support this lock")]
    NotSupported,
    /// `ENOLCK`: no lock manager, or its table is full.
    #[error("no locks available")]
    NoLocks,
    /// `EBADF`: not open, or not open for what the lock type needs.
    #[error("the descriptor is not open for this lock type")]
    BadDescriptor,
    /// `EINVAL`: a range before byte 0, or OFD locks refused altogether.
    #[error("invalid range, or this kind of lock is unavailable")]
    Invalid,
    /// Any other errno, `EOVERFLOW` for an offset that is too large among them.
    #[error("{0}")]
    Other(Errno),
}

impl LockError {
    /// The errno that fcntl(2) returned.
    pub fn errno(&self) -> Errno {
        match self {
            LockError::WouldBlock { .. } => Errno::EAGAIN,
            LockError::Deadlock => Errno::EDEADLK,
            LockError::Interrupted => Errno::EINTR,
            LockError::NotSupported => Errno::EOPNOTSUPP,
            LockError::NoLocks => Errno::ENOLCK,
            LockError::BadDescriptor => Errno::EBADF,
            LockError::Invalid => Errno::EINVAL,
            LockError::Other(errno) => *errno,
        }
    }
}

impl From<Errno> for LockError {
    fn from(errno: Errno) -> LockError {
        match errno {
            Errno::EAGAIN | Errno::EACCES => LockError::WouldBlock { blocker: None },
            Errno::EDEADLK => LockError::Deadlock,
            Errno::EINTR => LockError::Interrupted,
            Errno::EOPNOTSUPP => LockError::NotSupported,
            Errno::ENOLCK => LockError::NoLocks,
            Errno::EBADF => LockError::BadDescriptor,
            Errno::EINVAL => LockError::Invalid,
            other => LockError::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Errno::EAGAIN, LockError::WouldBlock { blocker: None })]
    #[case(Errno::EDEADLK, LockError::Deadlock)]
    #[case(Errno::EINTR, LockError::Interrupted)]
    #[case(Errno::EOPNOTSUPP, LockError::NotSupported)]
    #[case(Errno::ENOLCK, LockError::NoLocks)]
    #[case(Errno::EBADF, LockError::BadDescriptor)]
    #[case(Errno::EINVAL, LockError::Invalid)]
    #[case(Errno::EOVERFLOW, LockError::Other(Errno::EOVERFLOW))]
    fn errno_and_error_are_each_others_inverse(#[case] errno: Errno, #[case] error: LockError) {
        assert_eq!(LockError::from(errno), error);
        assert_eq!(error.errno(), errno);
    }

    /// POSIX lets a kernel answer either.
    #[test]
    fn eacces_is_another_word_for_eagain() {
        assert_eq!(LockError::from(Errno::EACCES), LockError::WouldBlock { blocker: None });
    }
}
