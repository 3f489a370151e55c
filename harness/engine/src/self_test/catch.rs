use serde::{Deserialize, Serialize};

use super::spot::CatchSpot;

/// The finding of a detector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCatch {
    /// The place: a scenario and its line, a pair of claims, a round.
    pub at: CatchSpot,
    /// The finding in one sentence.
    pub said: String,
}

/// The result of a detector's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunted {
    /// The number of things tried.
    pub runs: u64,
    /// The first finding.
    pub catch: Option<FaultCatch>,
}
