use super::{Player, Stage, StepFailure, Subject};
use crate::process::Launcher;
use imglock_core::{Action, Backend};

/// A subject that is not available here. Every action is unsupported, with the
/// reason.
#[derive(Debug, Clone)]
pub struct Absent {
    name: String,
    why: String,
}

impl Absent {
    /// `why` follows the name in messages, such as `is not installed`.
    pub fn new(name: impl Into<String>, why: impl Into<String>) -> Absent {
        Absent { name: name.into(), why: why.into() }
    }
}

impl Subject for Absent {
    fn name(&self) -> &str {
        &self.name
    }

    fn can(&self, _: &Action, _: Backend) -> Result<(), String> {
        Err(self.why.clone())
    }

    fn start(
        &self,
        _: &mut Launcher,
        _: &[String],
        _: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure> {
        Err(StepFailure::Cannot(self.why.clone()))
    }
}
