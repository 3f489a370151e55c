use crate::process::{ProcessError, ReceiveError};

/// Why a step has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// The deadline passed.
    #[error("no answer within the time a step may take")]
    TimedOut,
    /// The process is gone, and nobody killed it.
    #[error("the process died")]
    Died,
    /// The run is being stopped.
    #[error("stopped")]
    Stopped,
    /// Who plays the process has no way of doing it.
    #[error("{0}")]
    Cannot(String),
    /// It cannot be done at this place, whoever plays.
    #[error("{0}")]
    NotHere(String),
    /// The processes could not be made.
    #[error(transparent)]
    Process(ProcessError),
    /// The harness could not carry it out.
    #[error("{0}")]
    Harness(String),
}

impl StepFailure {
    /// The harness could not do it, and why.
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
        StepFailure::Harness(error.to_string())
    }
}
