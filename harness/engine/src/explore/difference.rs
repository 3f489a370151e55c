use serde::{Deserialize, Serialize};

use crate::run::Judge;

/// A case with an unexpected result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExploreDifference {
    /// The case number.
    pub case: u64,
    /// The finding of the judge.
    pub fault: ExploreFinding,
    /// Whether repeated runs show it again; `None` if it was not run again.
    pub again: Option<ExploreRepeat>,
    /// The number of steps in the case up to the finding.
    pub steps_found: usize,
    /// The number of steps in the scenario.
    pub steps: usize,
    /// The smallest scenario found that shows the difference.
    pub scenario: String,
}

/// The result of running the same case again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExploreRepeat {
    /// The number of runs.
    pub tries: u32,
    /// The number of runs in which the same judge had a finding.
    pub differed: u32,
}

impl ExploreRepeat {
    /// Whether every run shows the difference.
    pub fn is_stable(self) -> bool {
        self.differed == self.tries
    }
}

/// The finding of one judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExploreFinding {
    /// The judge.
    pub judge: Judge,
    /// The step, as a line of the scenario; empty if the finding is about no
    /// step.
    pub step: String,
    /// The expected result.
    pub expected: String,
    /// The actual result.
    pub actual: String,
    /// The finding in one sentence.
    pub message: String,
}
