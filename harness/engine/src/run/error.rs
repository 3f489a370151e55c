use std::io;
use std::path::PathBuf;

use imglock_core::{Backend, LockError};

use crate::process::{ProcessError, describe};

/// Why this environment cannot run scenarios.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// No file can be made in the directory.
    #[error("cannot make a file in {}: {}", directory.display(), describe(source))]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Neither kind of lock works in the directory.
    #[error("no lock works in {} (OFD: {ofd}; POSIX: {posix})", directory.display())]
    NoLocks {
        /// The directory.
        directory: PathBuf,
        /// The error of an OFD lock.
        ofd: LockError,
        /// The error of a POSIX lock.
        posix: LockError,
    },
    /// The requested kind of lock does not work in the directory.
    #[error("no {backend} locks in {}: {error}", directory.display())]
    NoSuchLocks {
        /// The directory.
        directory: PathBuf,
        /// The requested kind.
        backend: Backend,
        /// The error of such a lock.
        error: LockError,
    },
    /// Processes cannot be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
}
