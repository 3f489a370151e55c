use crate::process::ProcessError;
use crate::race::RaceError;
use crate::run::HarnessError;

/// The reasons why a self-test cannot continue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelfTestError {
    /// The environment cannot run scenarios.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// A race cannot continue although no fault is planted.
    #[error(transparent)]
    Race(RaceError),
}

impl SelfTestError {
    /// Whether the self-test was stopped.
    pub(super) fn is_stop(&self) -> bool {
        matches!(self, SelfTestError::Harness(HarnessError::Process(ProcessError::Stopped)))
    }
}

impl From<ProcessError> for SelfTestError {
    fn from(error: ProcessError) -> SelfTestError {
        SelfTestError::Harness(error.into())
    }
}

impl From<RaceError> for SelfTestError {
    fn from(error: RaceError) -> SelfTestError {
        match error {
            RaceError::Harness(error) => error.into(),
            other => SelfTestError::Race(other),
        }
    }
}
