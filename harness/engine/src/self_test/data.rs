use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::catch::FaultCatch;
use super::hunter::Detector;
use crate::fault::Fault;
use crate::run::Environment;
use imglock_core::Backend;

/// The results of a self-test, complete or so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The environment of the self-test.
    pub environment: Environment,
    /// The detectors, in the order in which they run.
    pub hunters: Vec<Detector>,
    /// Whether each detector looks for each fault, caught or not.
    pub thorough: bool,
    /// The results of each detector without a planted fault, which must find
    /// nothing. Detectors that were not needed are not included.
    pub baseline: Vec<Detection>,
    /// Each fault with its result, in the order of the plan.
    pub results: Vec<FaultResult>,
    /// Whether all planned work is done.
    pub complete: bool,
    /// The duration.
    #[serde(rename = "elapsed_us", with = "crate::run::microseconds")]
    pub elapsed: Duration,
}

/// The result of planting one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultResult {
    /// The fault.
    pub fault: Fault,
    /// The detectors that looked for it, in order.
    pub hunts: Vec<Detection>,
    /// Whether no further detector will look for it.
    pub done: bool,
}

/// One detector on one backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// The detector.
    pub hunter: Detector,
    /// Lock type.
    pub backend: Backend,
    /// The number of scenarios, pairs, cases or rounds tried.
    pub runs: u64,
    /// The duration, including the start of processes.
    #[serde(rename = "duration_us", with = "crate::run::microseconds")]
    pub duration: Duration,
    /// The result.
    pub end: HuntEnd,
}

/// The result of one detector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HuntEnd {
    /// The detector found something.
    Caught(FaultCatch),
    /// The detector found nothing.
    Nothing,
    /// The detector could not run, with the reason.
    Skipped(String),
}

/// The fate of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultFate {
    /// A detector will still look for it.
    Open,
    /// A detector found it.
    Caught,
    /// No detector found it.
    Survived,
    /// It could not be tried here.
    Skipped,
}

impl SelfTest {
    /// Whether no detector found anything without a planted fault. Otherwise no
    /// conclusion is possible.
    pub fn is_sound(&self) -> bool {
        self.baseline.iter().all(|hunt| !matches!(hunt.end, HuntEnd::Caught(_)))
    }

    /// The number of faults with this fate so far.
    pub fn count(&self, fate: FaultFate) -> usize {
        self.results.iter().filter(|result| result.fate() == fate).count()
    }
}

impl FaultResult {
    /// The fate of the fault.
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

    /// The first detector that found the fault, and its finding.
    pub fn caught(&self) -> Option<(&Detection, &FaultCatch)> {
        self.hunts.iter().find_map(|hunt| match &hunt.end {
            HuntEnd::Caught(catch) => Some((hunt, catch)),
            _ => None,
        })
    }

    /// The time until the fault was found, or until the last detector ended.
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

    /// The reasons why the fault could not be tried.
    pub fn skipped(&self) -> impl Iterator<Item = (&Detection, &str)> {
        self.hunts.iter().filter_map(|hunt| match &hunt.end {
            HuntEnd::Skipped(why) => Some((hunt, why.as_str())),
            _ => None,
        })
    }
}
