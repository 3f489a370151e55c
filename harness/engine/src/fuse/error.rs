use std::path::PathBuf;

use crate::process::describe;

/// Why a directory could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FuseError {
    /// The program could not be executed again.
    #[error("cannot start `{}` as a FUSE server: {}", program.display(), describe(error))]
    Start {
        /// The executed program.
        program: PathBuf,
        /// The error of the execution.
        error: std::io::Error,
    },
    /// The server could not perform the order; the text gives the reason.
    #[error("{0}")]
    Refused(String),
    /// The server has exited, or does not answer.
    #[error(
        "the FUSE server does not answer ({0}); does the program call `imglock_engine::init()` \
         first in `main`?"
    )]
    Lost(String),
    /// The process that started the server is being stopped.
    #[error("stopped")]
    Stopped,
}
