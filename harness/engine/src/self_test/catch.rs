use serde::{Deserialize, Serialize};

/// What was not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCatch {
    /// Where it showed: a scenario and its line, a pair of claims, a round.
    pub at: String,
    /// What was said of it, in one sentence.
    pub said: String,
}

/// What a hunter comes back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunted {
    /// How often it tried something.
    pub runs: u64,
    /// What it found first.
    pub catch: Option<FaultCatch>,
}
