use imglock_engine::StepFailure;

use crate::qemu::{QmpError, StartError};

impl From<QmpError> for StepFailure {
    fn from(error: QmpError) -> Self {
        match error {
            QmpError::Lost(error) => error.into(),
            QmpError::Refused(why) => StepFailure::Harness(format!("QEMU reported: {why}")),
        }
    }
}

impl From<StartError> for StepFailure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Process(error) => error.into(),
            StartError::Monitor { error: QmpError::Lost(error), ref printed }
                if printed.is_empty() =>
            {
                error.into()
            }
            other => StepFailure::Harness(other.to_string()),
        }
    }
}
