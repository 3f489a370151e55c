use std::io;
use std::time::Duration;

use crate::process::ProcessError;
use crate::run::HarnessError;

/// The reasons why a race cannot start or continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// The plan contradicts itself, or no subject can play it.
    #[error("no race: {0}")]
    Plan(String),
    /// An opener waited for another one for longer than a step's time limit.
    #[error("no race: opener {opener} waited {waited:?} for another one")]
    TimedOut {
        /// The number of the opener, from 1.
        opener: usize,
        /// The time limit of a step.
        waited: Duration,
    },
    /// An opener failed or died.
    #[error("no race: {0}")]
    Opener(String),
    /// A system call on the image or the shared memory failed.
    #[error("no race: {}", crate::process::describe(.0))]
    System(#[source] io::Error),
    /// The environment cannot run scenarios.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

impl From<ProcessError> for RaceError {
    fn from(error: ProcessError) -> RaceError {
        RaceError::Harness(error.into())
    }
}
