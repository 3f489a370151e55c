//! The course of a run, row by row: what happened at one moment, which locks
//! came and went with it, and what the judges have to say about it.

use std::collections::BTreeMap;
use std::ops::Range;

use imglock_harness::run::{Event, EventKind, Finding, ScenarioResult, Trace, Verdict};
use imglock_harness::step::{Action, Hazard};
use imglock_harness::subject::Builtin;

use super::changes::{Change, Changes};

/// What is worth a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A hazard showed itself, as it was declared to.
    Hazard,
    /// Something was not as it must be.
    Fault,
}

/// One event, or those of one `together`.
#[derive(Debug)]
pub struct Row<'r> {
    /// Its events, as indexes into the trace.
    pub events: Range<usize>,
    /// What changed, by actor.
    pub changes: BTreeMap<&'r str, Change>,
    /// What the judges found.
    pub findings: Vec<&'r Finding>,
    /// The worst of it.
    pub mark: Option<Mark>,
    /// After how many steps before these the lock table was not read, so that
    /// their changes show here.
    pub unread: usize,
    acting: Option<(&'r str, &'r Action)>,
}

/// On which locks a run was, who played if not our own workers, and where if
/// the place has a name: `ofd`, or `ofd by qemu-system, ext4`.
pub fn on(result: &ScenarioResult) -> String {
    match result.place.as_str() {
        "" => locks(result),
        place => format!("{}, {place}", locks(result)),
    }
}

/// On which locks a run was, and who played if not our own workers.
pub fn locks(result: &ScenarioResult) -> String {
    match result.subject.as_str() {
        Builtin::NAME => result.backend.to_string(),
        subject => format!("{} by {subject}", result.backend),
    }
}

/// The rows of a run, in order.
pub fn rows<'r>(result: &'r ScenarioResult, changes: &'r Changes) -> Vec<Row<'r>> {
    let faults = faults(result);
    let events = &result.trace.events;
    let mut rows = Vec::new();
    let (mut index, mut unread) = (0, 0);
    while index < events.len() {
        let range = index..index + at_once(&events[index..]).max(1);
        let found = result.findings.iter();
        let findings: Vec<&Finding> =
            found.filter(|found| found.event.is_some_and(|at| range.contains(&at))).collect();
        let mut changed: BTreeMap<&str, Change> = BTreeMap::new();
        for (actor, change) in range.clone().flat_map(|event| changes.at(event)) {
            let all = changed.entry(actor).or_default();
            all.gained.extend(change.gained.iter().cloned());
            all.gone.extend(change.gone.iter().cloned());
        }
        let mark = if faults.iter().any(|fault| range.contains(fault)) {
            Some(Mark::Fault)
        } else {
            findings.iter().any(|found| found.hazard.is_some()).then_some(Mark::Hazard)
        };
        let acting = match &events[index].kind {
            EventKind::Step(step) => Some((&*step.actor, &step.action)),
            EventKind::Held { .. } => None,
        };
        index = range.end;
        let read = events[range.clone()].iter().any(|event| event.table.is_some());
        let steps = range.len();
        rows.push(Row { events: range, changes: changed, findings, mark, unread, acting });
        unread = if read { 0 } else { unread + steps };
    }
    rows
}

impl Row<'_> {
    /// Whether what is gone of `actor`'s was lost: it had not given it up, and
    /// was not told.
    pub fn is_loss(&self, actor: &str) -> bool {
        let loss = self.findings.iter().any(|found| found.hazard == Some(Hazard::LockLoss));
        let gone = |change: &Change| change.gone.iter().any(|lock| !lock.waiting);
        if !loss || !self.changes.get(actor).is_some_and(gone) {
            return false;
        }
        let gives_up = |action: &Action| {
            use Action::{Exit, Inactivate, Kill, Set, Unlock};
            matches!(action, Set { .. } | Unlock { .. } | Inactivate { .. } | Exit | Kill)
        };
        let others = || self.changes.iter().any(|(other, change)| *other != actor && gone(change));
        // Whoever gives locks up that others have, too, loses none itself.
        !self.acting.is_some_and(|(who, action)| who == actor && gives_up(action) && others())
    }
}

/// The findings that make the run fail.
pub fn failures(result: &ScenarioResult) -> impl Iterator<Item = &Finding> {
    result.findings.iter().filter(|finding| finding.is_failure())
}

/// The events at fault: those that findings point to, and one that never
/// ended.
pub fn faults(result: &ScenarioResult) -> Vec<usize> {
    let found = failures(result).filter_map(|finding| finding.event);
    let unanswered = result.trace.events.iter().position(|event| match &event.kind {
        EventKind::Step(step) => step.outcome.is_none(),
        EventKind::Held { .. } => false,
    });
    let unanswered = unanswered.filter(|_| result.verdict == Verdict::TimedOut);
    let mut faults: Vec<usize> = found.chain(unanswered).collect();
    faults.sort_unstable();
    faults.dedup();
    faults
}

/// How many of the first events belong to one `together`.
fn at_once(events: &[Event]) -> usize {
    let together = |event: &Event| match &event.kind {
        EventKind::Step(step) => step.together,
        EventKind::Held { .. } => None,
    };
    match events.first().and_then(together) {
        Some(number) => events.iter().take_while(|event| together(event) == Some(number)).count(),
        None => 1,
    }
}

/// What a finding says of its step: the hazard by name, and what happened.
pub fn remark(finding: &Finding, loss: bool) -> String {
    let hazard = finding.hazard.map_or(String::new(), |hazard| format!("{hazard}: "));
    // What a scenario's author is advised comes after a semicolon.
    let said = finding.message.split("; if it is meant to").next().unwrap_or_default();
    let untold = if loss { ", and nobody was told" } else { "" };
    format!("{hazard}{said}{untold}")
}

/// An action's words, without the image when it is the `first` one, which is
/// meant anyway when a line names none.
pub fn words(action: &str, first: Option<&str>) -> String {
    match first {
        Some(image) => action.replacen(&format!(" image={image} "), " ", 1),
        None => action.to_owned(),
    }
}

/// What `held` states, in words.
pub fn stated_words(trace: &Trace, stated: &[String]) -> String {
    if stated.is_empty() {
        return "nothing is locked".to_owned();
    }
    let stated = stated.join(", ");
    // Where there is but one image, it need not be named.
    if trace.images.len() == 1 { stated.replace(" (image 0)", "") } else { stated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn losers(result: &ScenarioResult) -> Vec<String> {
        let changes = Changes::of(&result.trace);
        let rows = rows(result, &changes);
        let lost = rows.iter().flat_map(|row| {
            row.changes.keys().filter(|actor| row.is_loss(actor)).map(ToString::to_string)
        });
        lost.collect()
    }

    #[test]
    fn whose_locks_go_unasked_has_lost_them() {
        let mut result = samples::lock_loss().results.remove(0);
        assert_eq!(losers(&result), ["vm1"]);
        result.findings.clear();
        assert_eq!(losers(&result), Vec::<String>::new(), "nobody says that it is a loss");
    }

    #[test]
    fn who_gives_up_what_others_have_too_loses_nothing() {
        let mut result = samples::lock_loss().results.remove(0);
        let EventKind::Step(step) = &mut result.trace.events[3].kind else { panic!("a step") };
        step.actor = "vm3".to_owned();
        step.action = Action::Inactivate { node: "disk".to_owned() };
        for event in &mut result.trace.events[..3] {
            for lock in event.table.iter_mut().flatten().filter(|lock| !lock.waiting) {
                lock.holders.insert("vm3".to_owned());
            }
        }
        assert_eq!(losers(&result), ["vm1"]);
    }

    #[test]
    fn what_is_unread_shows_with_the_next_table() {
        let mut result = samples::lock_loss().results.remove(0);
        for event in &mut result.trace.events[1..3] {
            event.table = None;
        }
        let changes = Changes::of(&result.trace);
        let unread: Vec<usize> = rows(&result, &changes).iter().map(|row| row.unread).collect();
        assert_eq!(unread, [0, 0, 1, 2, 0]);
    }

    #[test]
    fn the_worst_of_a_row_is_its_mark() {
        let mut result = samples::lock_loss().results.remove(0);
        let marks = |result: &ScenarioResult| {
            let changes = Changes::of(&result.trace);
            rows(result, &changes).iter().map(|row| row.mark).collect::<Vec<_>>()
        };
        assert_eq!(marks(&result), [None, None, None, Some(Mark::Hazard), None]);
        result.findings[0].declared = false;
        assert_eq!(marks(&result), [None, None, None, Some(Mark::Fault), None]);
    }
}
