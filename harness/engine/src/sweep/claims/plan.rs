use super::{Arrangement, ClaimSweep, Openers};
use crate::Shard;
use imglock_core::Backend;

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct ClaimPlan {
    /// How many openers a case has.
    pub openers: Openers,
    /// Under which circumstances each case is tried.
    pub arrangements: Vec<Arrangement>,
    /// Which part of it.
    pub shard: Shard,
    /// What an earlier sweep has found before it was interrupted. It must have
    /// been planned alike, which [`ClaimSweep::obstacle`] says.
    pub begun: Option<ClaimSweep>,
}

impl ClaimPlan {
    /// All of it, on all locks, from the beginning.
    pub fn new(openers: Openers) -> ClaimPlan {
        let arrangements = Arrangement::on(&Backend::ALL);
        ClaimPlan { openers, arrangements, shard: Shard::WHOLE, begun: None }
    }
}
