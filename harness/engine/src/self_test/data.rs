use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CatchSpot, Detector};
use crate::fault::Fault;
use crate::run::Environment;
use imglock_core::Backend;

/// What came of planting faults, as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Where it took place.
    pub environment: Environment,
    /// Who looked for them, in this order.
    pub hunters: Vec<Detector>,
    /// Whether each hunter looked for each fault, found or not.
    pub thorough: bool,
    /// What each hunter found where nothing was planted, which must be nothing.
    /// A hunter that was not needed is not here.
    pub baseline: Vec<Detection>,
    /// Each fault and what came of it, in the order of the plan.
    pub results: Vec<FaultResult>,
    /// Whether all that was planned has been done.
    pub complete: bool,
    /// How long it has taken.
    #[serde(rename = "elapsed_us", with = "crate::run::microseconds")]
    pub elapsed: Duration,
}

/// What came of planting one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultResult {
    /// The fault.
    pub fault: Fault,
    /// Who looked for it, in this order.
    pub hunts: Vec<Detection>,
    /// Whether nobody else is to look for it.
    pub done: bool,
}

/// One hunter on one backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Who looked.
    pub hunter: Detector,
    /// On which locks.
    pub backend: Backend,
    /// How often something was tried: scenarios, pairs, rounds.
    pub runs: u64,
    /// How long it took, with the start of processes.
    #[serde(rename = "duration_us", with = "crate::run::microseconds")]
    pub duration: Duration,
    /// What came of it.
    pub end: HuntEnd,
}

/// What came of a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HuntEnd {
    /// Something was not as it must be.
    Caught(FaultCatch),
    /// Everything was as it must be.
    Nothing,
    /// It could not be tried, and why.
    Skipped(String),
}

/// What was not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCatch {
    /// Where it showed: a scenario and its line, a pair of claims, a round.
    pub at: CatchSpot,
    /// What was said of it, in one sentence.
    pub said: String,
}

/// What became of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultFate {
    /// Somebody is still to look for it.
    Open,
    /// Somebody noticed.
    Caught,
    /// Nobody did.
    Survived,
    /// It could not be tried here.
    Skipped,
}

impl SelfTest {
    /// Whether nothing was found where nothing was planted. Without that
    /// nothing follows from what was found.
    pub fn is_sound(&self) -> bool {
        self.baseline.iter().all(|hunt| !matches!(hunt.end, HuntEnd::Caught(_)))
    }

    /// How many faults met this fate so far.
    pub fn count(&self, fate: FaultFate) -> usize {
        self.results.iter().filter(|result| result.fate() == fate).count()
    }
}

impl FaultResult {
    /// What became of it.
    pub fn fate(&self) -> FaultFate {
        if self.caught().is_some() {
            FaultFate::Caught
        } else if !self.done {
            FaultFate::Open
        } else if self.hunts.iter().any(|hunt| hunt.end == HuntEnd::Nothing) {
            FaultFate::Survived
        } else {
            FaultFate::Skipped
        }
    }

    /// The hunt that found it first, and what it found.
    pub fn caught(&self) -> Option<(&Detection, &FaultCatch)> {
        self.hunts.iter().find_map(|hunt| match &hunt.end {
            HuntEnd::Caught(catch) => Some((hunt, catch)),
            _ => None,
        })
    }

    /// How long it took until it was found, or given up.
    pub fn after(&self) -> Duration {
        let until = self.caught().map(|(first, _)| first);
        let mut after = Duration::ZERO;
        for hunt in &self.hunts {
            after += hunt.duration;
            if until.is_some_and(|first| std::ptr::eq(first, hunt)) {
                break;
            }
        }
        after
    }

    /// Why it could not be tried, where it could not.
    pub fn skipped(&self) -> impl Iterator<Item = (&Detection, &str)> {
        self.hunts.iter().filter_map(|hunt| match &hunt.end {
            HuntEnd::Skipped(why) => Some((hunt, why.as_str())),
            _ => None,
        })
    }
}
