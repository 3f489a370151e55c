use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ExploreCase;
use crate::Shard;
use imglock_core::Backend;

/// The plan of an exploration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplorePlan {
    /// Lock type.
    pub backend: Backend,
    /// Random seed. The same seed gives the same cases.
    pub seed: u64,
    /// The number of the first case.
    pub first: u64,
    /// The number of cases, on all machines together.
    pub cases: u64,
    /// The number of steps in a case.
    pub steps: usize,
    /// This machine's part of the cases.
    pub shard: Shard,
    /// The number of differences after which the exploration ends. If a rule is
    /// wrong, nearly every case shows it.
    pub most_differences: usize,
    /// Time limit for shrinking a scenario. With zero, the scenario stays as it
    /// was found and is not run again.
    pub shrinking: Duration,
}

impl ExplorePlan {
    /// `cases` cases of 12 steps, all on this machine. Up to three differences
    /// are shrunk for up to half a minute each.
    pub fn new(backend: Backend, seed: u64, cases: u64) -> ExplorePlan {
        ExplorePlan {
            backend,
            seed,
            first: 0,
            cases,
            steps: 12,
            shard: Shard::WHOLE,
            most_differences: 3,
            shrinking: Duration::from_secs(30),
        }
    }

    /// The same for a detector: the first difference ends the exploration, and
    /// is not shrunk.
    pub fn hunt(backend: Backend, seed: u64, cases: u64) -> ExplorePlan {
        ExplorePlan {
            most_differences: 1,
            shrinking: Duration::ZERO,
            ..ExplorePlan::new(backend, seed, cases)
        }
    }

    /// The number of this machine's cases.
    pub fn share(&self) -> u64 {
        self.shard.share_of(self.cases)
    }

    /// The case with this number. It may be outside the plan.
    pub fn case(&self, number: u64) -> ExploreCase {
        ExploreCase { seed: self.seed, number, steps: self.steps, backend: self.backend }
    }

    /// The `index`-th of this machine's cases; `None` after the last one.
    pub(super) fn own_case(&self, index: u64) -> Option<ExploreCase> {
        let unit = self.shard.unit(index).filter(|unit| *unit < self.cases)?;
        Some(self.case(self.first.checked_add(unit)?))
    }
}
