use rustix::io::Errno;

use crate::process::{ProcessError, ReceiveError};

/// Why a step has no outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepFailure {
    /// The deadline passed.
    #[error("no answer within the time a step may take")]
    TimedOut,
    /// The process has exited without a kill by the harness.
    #[error("the process died")]
    Died,
    /// The run is being stopped.
    #[error("stopped")]
    Stopped,
    /// The subject that plays the process does not support the action.
    #[error("{0}")]
    Cannot(String),
    /// This place does not support the action, independent of the subject.
    #[error("{0}")]
    NotHere(String),
    /// The processes could not be made.
    #[error(transparent)]
    Process(ProcessError),
    /// The harness could not perform the step.
    #[error("{0}")]
    Harness(String),
}

impl StepFailure {
    /// A failure of the harness, with its reason.
    pub fn harness(why: impl Into<String>) -> StepFailure {
        StepFailure::Harness(why.into())
    }
}

impl From<ReceiveError> for StepFailure {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Timeout => StepFailure::TimedOut,
            ReceiveError::Closed => StepFailure::Died,
            ReceiveError::Stopped => StepFailure::Stopped,
            ReceiveError::Broken(error) => StepFailure::Harness(error.to_string()),
        }
    }
}

impl From<ProcessError> for StepFailure {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Stopped => StepFailure::Stopped,
            other => StepFailure::Process(other),
        }
    }
}

impl From<std::io::Error> for StepFailure {
    fn from(error: std::io::Error) -> Self {
        // A limit of this user says nothing about locks.
        match Errno::from_io_error(&error) {
            Some(Errno::MFILE | Errno::NFILE) => StepFailure::NotHere(format!(
                "imglock has no free descriptor here ({error}); raise the limit with `ulimit -n`"
            )),
            _ => StepFailure::Harness(error.to_string()),
        }
    }
}
