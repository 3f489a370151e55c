use std::collections::BTreeMap;

use imglock_harness::run::{Event, EventKind};
use imglock_harness::step::{Action, Outcome, TableLock};

/// Ascribes OFD locks that are waited for: the kernel names nobody, but the
/// steps say who was blocked.
#[derive(Debug, Default)]
pub struct Waiters {
    /// Who was blocked, or put back into the queue, since the table was read.
    joined: Vec<String>,
    /// Whose step ended since, and so waits no more.
    left: Vec<String>,
    waiting: BTreeMap<TableLock, Vec<String>>,
}

impl Waiters {
    /// Takes note of a step; to be called before the table after it is asked
    /// about.
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

    /// Who waits for each of the nameless locks of `table`: as many actors as
    /// there are lines, or `None` for one that no step explains.
    pub fn ascribed(&mut self, table: &[TableLock]) -> Vec<(TableLock, Option<String>)> {
        let mut lines: BTreeMap<&TableLock, usize> = BTreeMap::new();
        for lock in table.iter().filter(|lock| lock.waiting && lock.holders.is_empty()) {
            *lines.entry(lock).or_default() += 1;
        }
        let granted = |lock: &TableLock, actor: &str| {
            let node = format!("{actor}.");
            table.iter().filter(|other| !other.waiting && other.image == lock.image).any(|other| {
                let theirs = other.holders.iter().any(|holder| holder.starts_with(&node));
                theirs && other.kind == lock.kind && other.range.overlaps(lock.range)
            })
        };
        self.waiting.retain(|lock, _| lines.contains_key(lock));
        let mut ascribed = Vec::new();
        for (lock, count) in lines {
            let actors = self.waiting.entry(lock.clone()).or_default();
            // First those go whose step ended, then who got it, then who came first.
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
            let missing = count.saturating_sub(actors.len());
            let named = actors.iter().cloned().map(Some);
            let all = named.chain(std::iter::repeat_n(None, missing));
            ascribed.extend(all.map(|actor| (lock.clone(), actor)));
        }
        self.joined.clear();
        self.left.clear();
        ascribed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use imglock_harness::lock::{Backend, LockType};
    use imglock_harness::run::StepEvent;

    use super::*;

    fn lock(waiting: bool, holder: &str) -> TableLock {
        TableLock {
            image: 0,
            backend: Backend::Ofd,
            kind: LockType::Write,
            range: "0-9".parse().expect("a range"),
            waiting,
            holders: holder.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>(),
        }
    }

    fn step(actor: &str, action: Action, outcome: Outcome) -> Event {
        let step = StepEvent {
            actor: actor.to_owned(),
            action,
            outcome: Some(outcome),
            expected: None,
            predicted: None,
            warnings: Vec::new(),
            together: None,
            messages: Vec::new(),
        };
        let kind = EventKind::Step(Box::new(step));
        Event { line: 1, text: String::new(), start_us: 0, end_us: 0, kind, table: None }
    }

    fn blocked(actor: &str) -> Event {
        // Which step it is does not matter, only that it is blocked.
        step(actor, Action::Signal, Outcome::Blocked)
    }

    /// Two wait, then `event` happens, and `table` is left: who waits now?
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
    #[case::one_was_killed(step("second", Action::Kill, Outcome::Done), &[lock(true, "")], "first")]
    #[case::one_was_granted(
        step("holder", Action::Exit, Outcome::Done),
        &[lock(false, "second.disk"), lock(true, "")],
        "first",
    )]
    #[case::one_went_and_nobody_knows_who(step("holder", Action::Exit, Outcome::Done), &[lock(true, "")], "second")]
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
    fn a_nameless_waiter_is_who_was_blocked(
        #[case] event: Event,
        #[case] table: &[TableLock],
        #[case] expected: &str,
    ) {
        let found = left_waiting(&event, table);
        let found: Vec<String> = found.into_iter().map(|a| a.unwrap_or("?".into())).collect();
        assert_eq!(found.join(" "), expected);
    }
}
