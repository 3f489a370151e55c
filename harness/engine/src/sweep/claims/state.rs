use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cases::EVERY_CLAIM;
use super::judge::Judged;
use super::pattern::{self, DifferencePattern};
use super::{Arrangement, ClaimDifference, ClaimPlan, Openers};
use crate::Shard;
use crate::run::{Environment, SessionOptions};
use imglock_core::Backend;

/// How many differences of an arrangement are kept; all of them are counted.
const MOST_KEPT: usize = 25;

/// How far a sweep over claims has come, and what it has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSweep {
    /// Whether every case of this part was tried.
    pub complete: bool,
    /// Where it takes place.
    pub environment: Environment,
    /// How many openers a case has.
    pub openers: Openers,
    /// Which part it is.
    pub shard: Shard,
    /// What came of each arrangement.
    pub arrangements: Vec<SweptPart>,
}

/// What came of one arrangement so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptPart {
    /// Where and how the openers are.
    #[serde(flatten)]
    pub arrangement: Arrangement,
    /// How many rows there are in this part: holders beside which every claim
    /// is tried.
    pub rows: u64,
    /// How many of them are done, in their order.
    pub rows_done: u64,
    /// How many openers were granted their claim.
    pub granted: u64,
    /// How many were refused it.
    pub refused: u64,
    /// How many got neither.
    pub other: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// How often kernel and algebra disagree.
    pub differences: u64,
    /// In which ways, by how often.
    pub patterns: Vec<DifferencePattern>,
    /// The first of the differences.
    pub first_differences: Vec<ClaimDifference>,
}

impl ClaimSweep {
    /// What there is before the work begins.
    pub fn begun(plan: &ClaimPlan, options: &SessionOptions) -> ClaimSweep {
        match &plan.begun {
            Some(begun) => begun.clone(),
            None => ClaimSweep::planned(plan, Environment::at(&options.directory)),
        }
    }

    fn planned(plan: &ClaimPlan, environment: Environment) -> ClaimSweep {
        let rows = plan.openers.rows(plan.shard).len() as u64;
        let swept = |arrangement: &Arrangement| SweptPart {
            arrangement: *arrangement,
            rows,
            rows_done: 0,
            granted: 0,
            refused: 0,
            other: 0,
            took_us: 0,
            differences: 0,
            patterns: Vec::new(),
            first_differences: Vec::new(),
        };
        ClaimSweep {
            complete: false,
            environment,
            openers: plan.openers,
            shard: plan.shard,
            arrangements: plan.arrangements.iter().map(swept).collect(),
        }
    }

    /// How many cases this part has.
    pub fn cases(&self) -> u64 {
        self.arrangements.iter().map(SweptPart::cases).sum()
    }

    /// How many of them are done.
    pub fn cases_done(&self) -> u64 {
        self.arrangements.iter().map(SweptPart::cases_done).sum()
    }

    /// How often kernel and algebra disagree.
    pub fn differences(&self) -> u64 {
        self.arrangements.iter().map(|swept| swept.differences).sum()
    }

    /// Why it cannot be gone on with as `plan` says, here at `environment`;
    /// `None` when it can.
    pub fn obstacle(&self, plan: &ClaimPlan, environment: &Environment) -> Option<String> {
        let there = &self.environment;
        let theirs: Vec<Arrangement> =
            self.arrangements.iter().map(|one| one.arrangement).collect();
        let pairs = [
            ("openers", self.openers.to_string(), plan.openers.to_string()),
            ("part", self.shard.to_string(), plan.shard.to_string()),
            ("locks", locks(&theirs), locks(&plan.arrangements)),
            ("imglock", there.imglock.clone(), environment.imglock.clone()),
            ("kernel", there.kernel.clone(), environment.kernel.clone()),
            ("architecture", there.architecture.clone(), environment.architecture.clone()),
            ("file system", there.file_system.clone(), environment.file_system.clone()),
        ];
        let different = pairs.into_iter().find(|(_, theirs, ours)| theirs != ours);
        different.map(|(what, theirs, ours)| format!("{what}: {theirs} there, {ours} here"))
    }
}

/// The locks, in words; the arrangements where they are not the usual ones.
fn locks(arrangements: &[Arrangement]) -> String {
    let mut backends: Vec<Backend> = arrangements.iter().map(|one| one.backend).collect();
    backends.sort();
    backends.dedup();
    if arrangements == Arrangement::on(&backends) {
        return backends.iter().map(|one| one.name()).collect::<Vec<_>>().join(" and ");
    }
    arrangements.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl SweptPart {
    /// How many cases there are.
    pub fn cases(&self) -> u64 {
        self.rows * EVERY_CLAIM.len() as u64
    }

    /// How many of them are done.
    pub fn cases_done(&self) -> u64 {
        self.rows_done * EVERY_CLAIM.len() as u64
    }

    /// How long it took so far.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.took_us)
    }

    /// Enters what the next row came to.
    pub(super) fn add(&mut self, row: Judged, took: Duration) {
        self.rows_done += 1;
        self.granted += row.granted;
        self.refused += row.refused;
        self.other += row.other;
        self.took_us += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.differences += row.differences.len() as u64;
        for difference in &row.differences {
            pattern::add(&mut self.patterns, difference);
        }
        self.patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.count));
        let room = MOST_KEPT.saturating_sub(self.first_differences.len());
        self.first_differences.extend(row.differences.into_iter().take(room));
    }
}
