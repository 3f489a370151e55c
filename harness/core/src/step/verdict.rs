use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// All expectations were met.
    Passed,
    /// At least one expectation was not met.
    Failed,
    /// The scenario could not run in this environment.
    Skipped,
    /// A step did not finish before its deadline.
    TimedOut,
}

impl Verdict {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
            Verdict::TimedOut => "timed out",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
