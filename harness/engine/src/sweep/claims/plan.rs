use super::{Arrangement, ClaimSweep, Openers, SweptPart};
use crate::Shard;
use crate::run::{Environment, SessionOptions};
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
    /// see [`ClaimPlan::obstacle`].
    pub begun: Option<ClaimSweep>,
}

impl ClaimPlan {
    /// The whole work, on all lock types, from the beginning.
    pub fn new(openers: Openers) -> ClaimPlan {
        let arrangements = Arrangement::on(&Backend::ALL);
        ClaimPlan { openers, arrangements, shard: Shard::WHOLE, begun: None }
    }

    /// The state before the work begins.
    pub fn begin(&self, options: &SessionOptions) -> ClaimSweep {
        match &self.begun {
            Some(begun) => begun.clone(),
            None => self.planned(Environment::at(&options.directory)),
        }
    }

    fn planned(&self, environment: Environment) -> ClaimSweep {
        let rows = self.openers.rows(self.shard).len() as u64;
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
            openers: self.openers,
            shard: self.shard,
            arrangements: self.arrangements.iter().map(swept).collect(),
        }
    }

    /// Why this plan cannot continue the sweep `begun` at `environment`; `None`
    /// if it can.
    pub fn obstacle(&self, begun: &ClaimSweep, environment: &Environment) -> Option<String> {
        let there = &begun.environment;
        let theirs: Vec<Arrangement> =
            begun.arrangements.iter().map(|one| one.arrangement).collect();
        let pairs = [
            ("openers", begun.openers.to_string(), self.openers.to_string()),
            ("part", begun.shard.to_string(), self.shard.to_string()),
            ("locks", locks(&theirs), locks(&self.arrangements)),
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
