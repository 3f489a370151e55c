use super::{ByteRange, LockType};
use crate::Errno;

/// A conflicting lock, as `F_GETLK` and `F_OFD_GETLK` report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocker {
    /// The type of the lock.
    pub kind: LockType,
    /// Its bytes, counted from the start of the file.
    pub range: ByteRange,
    /// The process ID of its owner. `None` for an OFD lock: the kernel reports pid -1, because
    /// several processes can share an open file description.
    pub pid: Option<i32>,
}

/// The reason why a lock call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another owner holds a conflicting lock: `EAGAIN`, or `EACCES` where a test directly after the
    /// call found such a lock (a CIFS server answers so).
    #[error("another owner holds a conflicting lock")]
    WouldBlock {
        /// The conflicting lock that a test directly after the call found. `None` if that lock was
        /// already released.
        blocker: Option<Blocker>,
    },
    /// `EACCES` without a conflicting lock: a security module (`security_file_lock` of security/security.c)
    /// or a file server forbids the call.
    #[error("the lock call is forbidden")]
    Denied,
    /// `EDEADLK`: waiting would close a cycle of owners that wait for each other's POSIX locks.
    #[error("waiting would deadlock")]
    Deadlock,
    /// `EINTR`: a signal handler ran while the call waited.
    #[error("interrupted by a signal")]
    Interrupted,
    /// `ENOTSUP` or `EOPNOTSUPP`: the file system does not support this kind of lock.
    #[error("the file system does not support this lock")]
    NotSupported,
    /// `ENOLCK`: the file system has no lock manager, or the lock table is full.
    #[error("no locks available")]
    NoLocks,
    /// `ENOSYS`: the file system or the kernel has no such call.
    #[error("the file system has no lock calls")]
    NoCalls,
    /// `EIO`: the file system or its server failed.
    #[error("the file system or its server failed")]
    Io,
    /// `ETIMEDOUT`: the file server did not answer.
    #[error("the file server does not answer")]
    NoAnswer,
    /// `ESTALE`: the file server no longer has the file.
    #[error("the file server no longer has this file")]
    Stale,
    /// `EBADF`: the descriptor is closed, or not open for the access that the lock type needs.
    #[error("the descriptor is not open for this lock type")]
    BadDescriptor,
    /// `EINVAL`: the range starts before byte 0, or the kernel does not support OFD locks.
    #[error("invalid range, or this kind of lock is unavailable")]
    Invalid,
    /// Any other errno, for example `EOVERFLOW` for an offset that is too large.
    #[error("{0}")]
    Other(Errno),
}

impl LockError {
    /// The errno of fcntl(2).
    pub fn errno(&self) -> Errno {
        match self {
            LockError::WouldBlock { .. } => Errno::EAGAIN,
            LockError::Denied => Errno::EACCES,
            LockError::Deadlock => Errno::EDEADLK,
            LockError::Interrupted => Errno::EINTR,
            LockError::NotSupported => Errno::EOPNOTSUPP,
            LockError::NoLocks => Errno::ENOLCK,
            LockError::NoCalls => Errno::ENOSYS,
            LockError::Io => Errno::EIO,
            LockError::NoAnswer => Errno::ETIMEDOUT,
            LockError::Stale => Errno::ESTALE,
            LockError::BadDescriptor => Errno::EBADF,
            LockError::Invalid => Errno::EINVAL,
            LockError::Other(errno) => *errno,
        }
    }
}

impl From<Errno> for LockError {
    /// The errno alone does not tell what `EACCES` means: POSIX allows it for a conflict. Only a test
    /// for the conflicting lock tells.
    fn from(errno: Errno) -> LockError {
        match errno {
            Errno::EAGAIN => LockError::WouldBlock { blocker: None },
            Errno::EACCES => LockError::Denied,
            Errno::EDEADLK => LockError::Deadlock,
            Errno::EINTR => LockError::Interrupted,
            Errno::EOPNOTSUPP => LockError::NotSupported,
            Errno::ENOLCK => LockError::NoLocks,
            Errno::ENOSYS => LockError::NoCalls,
            Errno::EIO => LockError::Io,
            Errno::ETIMEDOUT => LockError::NoAnswer,
            Errno::ESTALE => LockError::Stale,
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
    #[case(Errno::EACCES, LockError::Denied)]
    #[case(Errno::EDEADLK, LockError::Deadlock)]
    #[case(Errno::EINTR, LockError::Interrupted)]
    #[case(Errno::EOPNOTSUPP, LockError::NotSupported)]
    #[case(Errno::ENOLCK, LockError::NoLocks)]
    #[case(Errno::ENOSYS, LockError::NoCalls)]
    #[case(Errno::EIO, LockError::Io)]
    #[case(Errno::ETIMEDOUT, LockError::NoAnswer)]
    #[case(Errno::ESTALE, LockError::Stale)]
    #[case(Errno::EBADF, LockError::BadDescriptor)]
    #[case(Errno::EINVAL, LockError::Invalid)]
    #[case(Errno::EOVERFLOW, LockError::Other(Errno::EOVERFLOW))]
    fn errno_and_error_are_each_others_inverse(#[case] errno: Errno, #[case] error: LockError) {
        assert_eq!(LockError::from(errno), error);
        assert_eq!(error.errno(), errno);
    }
}
