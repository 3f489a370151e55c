use serde::{Deserialize, Serialize};

use crate::run::Judge;

/// A case that did not go as it must.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExploreDifference {
    /// The number of the case.
    pub case: u64,
    /// What was not as it must be.
    pub fault: ExploreFinding,
    /// Whether it came again; `None` where nobody tried.
    pub again: Option<ExploreRepeat>,
    /// How many steps the case had up to the fault.
    pub steps_found: usize,
    /// How many steps the scenario has.
    pub steps: usize,
    /// The scenario that shows it: the smallest that was found.
    pub scenario: String,
}

/// What happened when the same case was run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExploreRepeat {
    /// How often it was tried.
    pub tries: u32,
    /// How often the same judge found fault.
    pub differed: u32,
}

impl ExploreRepeat {
    /// Whether it comes every time.
    pub fn is_stable(self) -> bool {
        self.differed == self.tries
    }
}

/// What one of the judges found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExploreFinding {
    /// Who says so.
    pub judge: Judge,
    /// The step, as a line of the scenario; empty where it is about none.
    pub step: String,
    /// What must have been.
    pub expected: String,
    /// What was.
    pub actual: String,
    /// One sentence.
    pub message: String,
}
