use std::fmt;

use serde::{Deserialize, Serialize};

use imglock_core::Hazard;

/// The source of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// The scenario's own `expect`, `held` and `hazard`.
    Scenario,
    /// The model of the kernel.
    Model,
    /// The contract: of conflicting openers only the first succeeds.
    Contract,
    /// The harness itself: a deadline passed, or a process died.
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

/// A failed check, or a hazard that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The judge that reports it.
    pub judge: Judge,
    /// The event, as an index into the trace; `None` for a finding about the
    /// run as a whole.
    pub event: Option<usize>,
    /// The known hazard, or `None` where no hazard explains the finding.
    pub hazard: Option<Hazard>,
    /// Whether the scenario declared that hazard; then the finding is no
    /// failure.
    pub declared: bool,
    /// The required result as text; empty where there is no comparison.
    pub expected: String,
    /// The observed result as text.
    pub actual: String,
    /// One sentence that describes the difference.
    pub message: String,
}

impl Finding {
    /// Whether the finding makes the run fail.
    pub fn is_failure(&self) -> bool {
        !(self.hazard.is_some() && self.declared)
    }
}
