use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ExploreCase;
use crate::Shard;
use imglock_core::Backend;

/// What to explore, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplorePlan {
    /// On which locks.
    pub backend: Backend,
    /// What chance begins with: the same seed gives the same cases.
    pub seed: u64,
    /// The number of the first case.
    pub first: u64,
    /// How many cases there are from there on, on all machines together.
    pub cases: u64,
    /// How many steps a case has.
    pub steps: usize,
    /// Which of the cases are this machine's.
    pub shard: Shard,
    /// After how many differences to end: where a rule is wrong, nearly every
    /// case shows it.
    pub most_differences: usize,
    /// How long to look for a smaller scenario that shows the same difference;
    /// zero leaves it as it was found, and does not even try it again.
    pub shrinking: Duration,
}

impl ExplorePlan {
    /// So many cases of 12 steps, all on this machine, with up to three
    /// differences made small for up to half a minute each.
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

    /// The same for a hunter, who only wants to know whether there is a
    /// difference: the first one ends it, as it was found.
    pub fn hunt(backend: Backend, seed: u64, cases: u64) -> ExplorePlan {
        ExplorePlan {
            most_differences: 1,
            shrinking: Duration::ZERO,
            ..ExplorePlan::new(backend, seed, cases)
        }
    }

    /// How many cases are this machine's.
    pub fn share(&self) -> u64 {
        self.shard.share_of(self.cases)
    }

    /// The case with this number, whatever the plan is.
    pub fn case(&self, number: u64) -> ExploreCase {
        ExploreCase { seed: self.seed, number, steps: self.steps, backend: self.backend }
    }

    /// The `index`-th of this machine's cases, if there are so many.
    pub(super) fn own_case(&self, index: u64) -> Option<ExploreCase> {
        let unit = self.shard.unit(index).filter(|unit| *unit < self.cases)?;
        Some(self.case(self.first.checked_add(unit)?))
    }
}
