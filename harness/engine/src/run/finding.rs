use std::fmt;

use serde::{Deserialize, Serialize};

use imglock_core::Hazard;

/// Who found fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// The scenario's own `expect`, `held` and `hazard`.
    Scenario,
    /// The model of the kernel.
    Model,
    /// The contract: of conflicting openers only the first succeeds.
    Contract,
    /// The harness itself: a deadline passed, a process died.
    Harness,
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Judge::Scenario => "scenario",
            Judge::Model => "model",
            Judge::Contract => "contract",
            Judge::Harness => "harness",
        })
    }
}

/// Something that was not as it must be, or a hazard that showed itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Who says so.
    pub judge: Judge,
    /// The event it is about, as an index into the trace; `None` for the run
    /// as a whole.
    pub event: Option<usize>,
    /// The hazard it amounts to, if it has a name.
    pub hazard: Option<Hazard>,
    /// Whether the scenario declared that hazard; then it is no failure.
    pub declared: bool,
    /// What must have been, in words; empty where there is nothing to compare.
    pub expected: String,
    /// What was.
    pub actual: String,
    /// One sentence that puts the two together.
    pub message: String,
}

impl Finding {
    /// Whether it makes the run fail.
    pub fn is_failure(&self) -> bool {
        !(self.hazard.is_some() && self.declared)
    }
}
