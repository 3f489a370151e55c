use std::collections::BTreeMap;

use imglock_core::{Action, Outcome, TableLock};
use imglock_engine::{Event, EventKind};

/// Finds the owners of OFD locks that wait: the lock table names none, but the
/// steps show which actors block.
#[derive(Debug, Default)]
pub struct Waiters {
    /// The actors that blocked, or came back into the queue, since the last
    /// reading of the lock table.
    joined: Vec<String>,
    /// The actors whose step ended since then, so that they no longer wait.
    left: Vec<String>,
    waiting: BTreeMap<TableLock, Vec<String>>,
}

impl Waiters {
    /// Notes a step; comes before the question about the lock table after it.
    pub fn observe(&mut self, event: &Event) {
        let EventKind::Step(step) = &event.kind else { return };
        match (&step.action, &step.outcome) {
            (Action::Await, Some(Outcome::Blocked)) => {}
            (_, Some(Outcome::Blocked)) | (Action::Continue, _) => {
                self.joined.push(step.actor.clone());
            }
            _ => self.left.push(step.actor.clone()),
        }
    }

    /// The waiting actor for each lock of `table` without an owner; `None` for
    /// a lock that no step explains.
    pub fn ascribed(&mut self, table: &[TableLock]) -> Vec<(TableLock, Option<String>)> {
        let mut lines: BTreeMap<&TableLock, usize> = BTreeMap::new();
        for lock in table.iter().filter(|lock| lock.waiting && lock.holders.is_empty()) {
            *lines.entry(lock).or_default() += 1;
        }
        let granted = |lock: &TableLock, actor: &str| {
            let of_this_file = |other: &&TableLock| {
                (other.waiting, other.image, other.backend) == (false, lock.image, lock.backend)
            };
            table.iter().filter(of_this_file).any(|other| {
                let own = other.holders.iter().any(|holder| holder.actor() == actor);
                own && other.kind == lock.kind && other.range.overlaps(lock.range)
            })
        };
        self.waiting.retain(|lock, _| lines.contains_key(lock));
        let mut ascribed = Vec::new();
        for (lock, count) in lines {
            let actors = self.waiting.entry(lock.clone()).or_default();
            // Actors leave in this order: step ended, lock granted, first come.
            let stays = |actor: &String| {
                if self.left.contains(actor) { 0 } else { 2 - u8::from(granted(lock, actor)) }
            };
            while actors.len() > count {
                let Some(next) = (0..actors.len()).min_by_key(|at| stays(&actors[*at])) else {
                    break;
                };
                actors.remove(next);
            }
            while actors.len() < count && !self.joined.is_empty() {
                actors.push(self.joined.remove(0));
            }
            let known = actors.iter().cloned().map(Some).chain(std::iter::repeat(None));
            ascribed.extend(known.take(count).map(|actor| (lock.clone(), actor)));
        }
        self.joined.clear();
        self.left.clear();
        ascribed
    }
}

#[cfg(test)]
mod tests {
    use imglock_core::Backend;

    use super::*;
    use crate::report::samples;

    fn lock(waiting: bool, holder: &str) -> TableLock {
        let arrow = if waiting { "->" } else { "" };
        let holder = if holder.is_empty() { "?" } else { holder };
        samples::table(Backend::Ofd, &format!("{holder} {arrow}write 0-9")).remove(0)
    }

    fn step(actor: &str, action: Action, outcome: Outcome) -> Event {
        samples::step(1, actor, action, Some(outcome), 0)
    }

    fn blocked(actor: &str) -> Event {
        // Any step will do.
        step(actor, Action::Signal, Outcome::Blocked)
    }

    /// The actors that wait in `table` after `event`; two waited before.
    fn left_waiting(event: &Event, table: &[TableLock]) -> Vec<Option<String>> {
        let mut waiters = Waiters::default();
        for (actor, count) in [("first", 1), ("second", 2)] {
            waiters.observe(&blocked(actor));
            waiters.ascribed(&vec![lock(true, ""); count]);
        }
        waiters.observe(event);
        waiters.ascribed(table).into_iter().map(|(_, actor)| actor).collect()
    }

    #[rstest::rstest]
    #[case::nothing_changed(step("holder", Action::Stop, Outcome::Done), &[lock(true, ""), lock(true, "")], "first second")]
    #[case::a_killed_one_leaves(step("second", Action::Kill, Outcome::Done), &[lock(true, "")], "first")]
    #[case::one_was_granted(
        step("holder", Action::Exit, Outcome::Done),
        &[lock(false, "second.disk"), lock(true, "")],
        "first",
    )]
    #[case::one_of_them_leaves_unseen(step("holder", Action::Exit, Outcome::Done), &[lock(true, "")], "second")]
    #[case::another_came(blocked("third"), &[lock(true, ""), lock(true, ""), lock(true, "")], "first second third")]
    #[case::one_that_no_step_explains(
        step("holder", Action::Exit, Outcome::Done),
        &[lock(true, ""), lock(true, ""), lock(true, "")],
        "first second ?",
    )]
    #[case::a_named_one_needs_no_ascribing(
        step("holder", Action::Exit, Outcome::Done),
        &[lock(true, "third")],
        "",
    )]
    fn a_nameless_waiter_is_the_blocked_actor(
        #[case] event: Event,
        #[case] table: &[TableLock],
        #[case] expected: &str,
    ) {
        let found = left_waiting(&event, table);
        let found: Vec<String> = found.into_iter().map(|a| a.unwrap_or("?".into())).collect();
        assert_eq!(found.join(" "), expected);
    }
}
