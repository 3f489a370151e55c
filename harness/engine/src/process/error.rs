use std::path::PathBuf;

use rustix::io::Errno;

/// Why processes could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The program could not be re-executed as a launcher.
    #[error("cannot start `{}` as the launcher of the test processes: {error}", program.display())]
    Launch {
        /// The executed program.
        program: PathBuf,
        /// The error of the execution.
        error: std::io::Error,
    },
    /// The launcher has exited, or does not answer.
    #[error(
        "the launcher of the test processes does not answer ({0}); \
         does the program call `imglock_engine::init()` first in `main`?"
    )]
    Lost(String),
    /// The launcher cannot make its scratch directory.
    #[error("cannot make a scratch directory in {}: {}", directory.display(), describe(source))]
    Scratch {
        /// The directory in which it was to be made.
        directory: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The launcher could not execute an order; the text gives the reason.
    #[error("{0}")]
    Refused(String),
    /// The processes exceed this user's limits.
    #[error(
        "{wanted} processes need as many descriptors here, and this user may open {limit}; \
         raise the limit with `ulimit -n`"
    )]
    TooMany {
        /// The number of descriptors needed.
        wanted: usize,
        /// The number of descriptors allowed (`RLIMIT_NOFILE`).
        limit: u64,
    },
    /// The run is being stopped.
    #[error("stopped")]
    Stopped,
}

/// Why no message arrived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The deadline passed.
    #[error("no answer before the deadline")]
    Timeout,
    /// The other end is closed.
    #[error("the process has exited")]
    Closed,
    /// The run is being stopped.
    #[error("stopped")]
    Stopped,
    /// The socket failed, or the data is not a message.
    #[error("{0}")]
    Broken(std::io::Error),
}

impl From<Errno> for ReceiveError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::CONNRESET | Errno::PIPE => ReceiveError::Closed,
            other => ReceiveError::Broken(other.into()),
        }
    }
}

impl From<postcard::Error> for ReceiveError {
    fn from(error: postcard::Error) -> Self {
        ReceiveError::Broken(std::io::Error::other(error))
    }
}

/// A system error as text, without Rust's `(os error 13)`.
pub fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
