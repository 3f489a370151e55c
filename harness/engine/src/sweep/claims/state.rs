use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cases::EVERY_CLAIM;
use super::judge::Judged;
use super::pattern::{self, DifferencePattern};
use super::{Arrangement, ClaimDifference, ClaimPlan, Openers};
use crate::Shard;
use crate::run::{Environment, SessionOptions};
use imglock_core::Backend;

/// The number of differences kept for an arrangement. All of them are counted.
const MOST_KEPT: usize = 25;

/// The progress and the results of a sweep over claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSweep {
    /// Whether every case of this part was tried.
    pub complete: bool,
    /// The environment of the sweep.
    pub environment: Environment,
    /// The number of openers in a case.
    pub openers: Openers,
    /// The part of the work.
    pub shard: Shard,
    /// The results of each arrangement.
    pub arrangements: Vec<SweptPart>,
}

/// The results of one arrangement so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptPart {
    /// Lock type and processes of the openers.
    #[serde(flatten)]
    pub arrangement: Arrangement,
    /// The number of rows in this part. A row is one set of holders, beside
    /// which every claim is tried.
    pub rows: u64,
    /// The number of finished rows, in order.
    pub rows_done: u64,
    /// The number of granted claims.
    pub granted: u64,
    /// The number of refused claims.
    pub refused: u64,
    /// The number of other outcomes.
    pub other: u64,
    /// The elapsed time, in microseconds.
    pub took_us: u64,
    /// The number of differences between kernel and algebra.
    pub differences: u64,
    /// The kinds of differences, with their counts.
    pub patterns: Vec<DifferencePattern>,
    /// The first differences.
    pub first_differences: Vec<ClaimDifference>,
}

impl ClaimSweep {
    /// The state before the work begins.
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

    /// The number of cases in this part.
    pub fn cases(&self) -> u64 {
        self.arrangements.iter().map(SweptPart::cases).sum()
    }

    /// The number of finished cases.
    pub fn cases_done(&self) -> u64 {
        self.arrangements.iter().map(SweptPart::cases_done).sum()
    }

    /// The number of differences between kernel and algebra.
    pub fn differences(&self) -> u64 {
        self.arrangements.iter().map(|swept| swept.differences).sum()
    }

    /// Why `plan` cannot continue this sweep at `environment`; `None` if it
    /// can.
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

/// The lock types in words, or the arrangements if they are not the default.
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
    /// The number of cases.
    pub fn cases(&self) -> u64 {
        self.rows * EVERY_CLAIM.len() as u64
    }

    /// The number of finished cases.
    pub fn cases_done(&self) -> u64 {
        self.rows_done * EVERY_CLAIM.len() as u64
    }

    /// The elapsed time so far.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.took_us)
    }

    /// Adds the result of the next row.
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
