use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cases::EVERY_CLAIM;
use super::judge::Judged;
use super::pattern::{self, DifferencePattern};
use super::{Arrangement, ClaimDifference, Openers};
use crate::Shard;
use crate::run::Environment;

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
