use super::{Arrangement, ClaimSweep, Openers};
use crate::Shard;
use imglock_core::Backend;

/// What a sweep over claims tries.
#[derive(Debug, Clone)]
pub struct ClaimPlan {
    /// The number of openers in a case.
    pub openers: Openers,
    /// The conditions under which each case is tried.
    pub arrangements: Vec<Arrangement>,
    /// The part of the work that this machine does.
    pub shard: Shard,
    /// Results of an interrupted sweep to continue. It must have the same plan;
    /// see [`ClaimSweep::obstacle`].
    pub begun: Option<ClaimSweep>,
}

impl ClaimPlan {
    /// The whole work, on all lock types, from the beginning.
    pub fn new(openers: Openers) -> ClaimPlan {
        let arrangements = Arrangement::on(&Backend::ALL);
        ClaimPlan { openers, arrangements, shard: Shard::WHOLE, begun: None }
    }
}
