use std::path::PathBuf;

use crate::process::describe;

/// Why a directory could not be served.
#[derive(Debug, thiserror::Error)]
pub enum FuseError {
    /// The program could not be executed again.
    #[error("cannot start `{}` as a FUSE server: {}", program.display(), describe(error))]
    Start {
        /// What was executed.
        program: PathBuf,
        /// Why it failed.
        error: std::io::Error,
    },
    /// The server could not do what it was told.
    #[error("{0}")]
    Refused(String),
    /// The server is gone, or does not answer.
    #[error(
        "the FUSE server does not answer ({0}); does the program call `imglock_engine::init()` \
         first in `main`?"
    )]
    Lost(String),
    /// Whoever started it is being stopped.
    #[error("stopped")]
    Stopped,
}
