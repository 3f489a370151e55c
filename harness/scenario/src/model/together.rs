use std::collections::BTreeSet;

use super::Prediction;
use super::footprint::{Footprint, Spot};
use super::world::World;
use imglock_core::{Action, Outcome, Whence};

impl World {
    /// The predictions for steps that start at the same moment, in their order. An outcome is exact only
    /// if no order and no interleaving of the other steps can change it.
    pub fn together(&self, steps: &[(&str, &Action)]) -> Vec<Prediction> {
        let alone = steps.iter().map(|(actor, action)| self.predict(actor, action));
        if steps.len() < 2 {
            return alone.collect();
        }
        if let Some(reason) = self.entangled(steps) {
            return steps.iter().map(|_| Prediction::Unknown(reason.to_owned())).collect();
        }
        let prints: Vec<Footprint> =
            steps.iter().map(|(actor, action)| self.footprint(actor, action)).collect();
        alone
            .enumerate()
            .map(|(at, alone)| {
                let others = || prints.iter().enumerate().filter(move |(other, _)| *other != at);
                let Prediction::Exactly(outcome) = &alone else { return alone };
                let met = others().any(|(_, other)| clash(&prints[at].asks, &other.adds));
                let freed = kept_out(outcome)
                    && others().any(|(_, other)| clash(&prints[at].asks, &other.drops));
                if met {
                    Prediction::Unknown(
                        "another step at the same moment may conflict with it".into(),
                    )
                } else if freed {
                    Prediction::Unknown(
                        "another step may release the conflicting lock first".into(),
                    )
                } else {
                    alone
                }
            })
            .collect()
    }

    /// The reason why the steps cannot be predicted one by one, or `None` if they can.
    fn entangled(&self, steps: &[(&str, &Action)]) -> Option<&'static str> {
        let mut tables = BTreeSet::new();
        let mut newcomers = BTreeSet::new();
        for (actor, action) in steps {
            let new = match self.actors.get(*actor) {
                Some(actor) => tables.insert(actor.table),
                None => newcomers.insert((*actor).to_owned()),
            };
            if !new {
                return Some("two of the steps share a descriptor table");
            }
            if let Action::Send { to: other, .. }
            | Action::Fork { child: other }
            | Action::Thread { name: other } = action
                && steps.iter().any(|(actor, _)| actor == other)
            {
                return Some("one step affects the process of another");
            }
        }
        let any = |of: fn(&Action) -> bool| steps.iter().any(|(_, action)| of(action));
        if any(Action::is_hosts) {
            return Some("names change at the same moment");
        }
        if any(|action| matches!(action, Action::Write { .. }))
            && any(|action| {
                matches!(action, Action::Read { .. }) || counts_from(action, Whence::End)
            })
        {
            return Some("data or length of an image change at the same moment");
        }
        if any(|action| matches!(action, Action::Seek { .. }))
            && any(|action| counts_from(action, Whence::Cur))
        {
            return Some("a file offset moves at the same moment");
        }
        let waits =
            |action: &Action| matches!(action, Action::Lock { wait: true, .. } | Action::Continue);
        if !self.queue.is_empty() || steps.iter().filter(|(_, action)| waits(action)).count() > 1 {
            return Some("a waiting actor may acquire its lock meanwhile");
        }
        None
    }
}

fn counts_from(action: &Action, whence: Whence) -> bool {
    match action {
        Action::Lock { range, .. } | Action::Unlock { range, .. } | Action::Test { range, .. } => {
            range.whence == whence
        }
        _ => false,
    }
}

/// Returns whether the outcome depends on a lock that may be released.
fn kept_out(outcome: &Outcome) -> bool {
    !matches!(
        outcome,
        Outcome::Granted
            | Outcome::Free
            | Outcome::Done
            | Outcome::Paused
            | Outcome::NotOpen
            | Outcome::Data(_)
    )
}

fn clash(asks: &[Spot], others: &[Spot]) -> bool {
    asks.iter().any(|(file, kind, range)| {
        others.iter().any(|(other_file, other_kind, other_range)| {
            file == other_file && kind.excludes(*other_kind) && range.overlaps(*other_range)
        })
    })
}
