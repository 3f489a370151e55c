use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// Everything was as it must be.
    Passed,
    /// Something was not.
    Failed,
    /// It could not be tried here.
    Skipped,
    /// A step passed its deadline.
    TimedOut,
}

impl Verdict {
    /// The word that reports use.
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
