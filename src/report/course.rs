//! The course of a run, row by row: the steps of one moment, their outcomes,
//! the locks that come and go, and the judges' remarks. Terminal and page lay
//! out the same rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use anstyle::Style;
use imglock_core::{Action, Hazard, Outcome};
use imglock_engine::{Event, EventKind, Finding, ScenarioResult, Trace};

use super::changes::{Change, Changes, Line};
use super::palette::{BAD, CAREFUL, GOOD, PLAIN};
use super::{action, findings};
use crate::phrase::count;

/// Why a row is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A declared hazard happened.
    Hazard,
    /// An outcome or a lock is not as expected.
    Fault,
}

/// The kind of an outcome: a colour in the terminal, a shape on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The request is granted.
    Granted,
    /// It is refused, or fails.
    Refused,
    /// The actor waits, or halts midway.
    Waiting,
    /// A step that requests nothing is done.
    Done,
    /// No answer before the deadline.
    Silent,
    /// Locks are lost.
    Lost,
}

/// One event, or the events of one `together`.
#[derive(Debug)]
pub struct Row<'r> {
    /// Its events, as indexes into the trace.
    pub events: Range<usize>,
    /// The start of its first event, from the start of the run.
    pub start: Duration,
    /// The line of its first event in the scenario's file.
    pub line: usize,
    /// Its steps; several of them started at the same moment.
    pub steps: Vec<Step<'r>>,
    /// The lock table that a `held` states, in words.
    pub held: Option<String>,
    /// The locks that come and go, by actor.
    pub changes: BTreeMap<&'r str, Vec<Line>>,
    /// The number of steps before these after which the lock table was not
    /// read: their changes show here.
    pub unread: usize,
    /// The findings of the judges.
    pub remarks: Vec<Remark>,
    /// The worst of them.
    pub mark: Option<Mark>,
}

/// A step and its outcome.
#[derive(Debug)]
pub struct Step<'r> {
    /// The acting process.
    pub actor: &'r str,
    /// The action, in words.
    pub words: String,
    /// Its outcome; `None` when no answer came before the deadline.
    pub outcome: Option<&'r Outcome>,
}

/// A finding, in a sentence.
#[derive(Debug)]
pub struct Remark {
    /// How bad it is.
    pub mark: Mark,
    /// Whether it names a hazard.
    pub hazard: bool,
    /// The sentence.
    pub words: String,
}

/// The rows of a run, in order.
pub fn rows<'r>(result: &'r ScenarioResult, changes: &'r Changes) -> Vec<Row<'r>> {
    let faults = findings::faults(result);
    let events = &result.trace.events;
    let mut rows = Vec::new();
    let (mut index, mut unread) = (0, 0);
    while index < events.len() {
        let range = index..index + at_once(&events[index..]).max(1);
        index = range.end;
        let row = Row::of(result, changes, range, unread, &faults);
        let read = events[row.events.clone()].iter().any(|event| event.table.is_some());
        unread = if read { 0 } else { unread + row.events.len() };
        rows.push(row);
    }
    rows
}

impl<'r> Row<'r> {
    fn of(
        result: &'r ScenarioResult,
        changes: &'r Changes,
        range: Range<usize>,
        unread: usize,
        faults: &[usize],
    ) -> Row<'r> {
        let trace = &result.trace;
        let events = &trace.events[range.clone()];
        let found = result.findings.iter();
        let findings: Vec<&Finding> =
            found.filter(|found| found.event.is_some_and(|at| range.contains(&at))).collect();
        let mut changed: BTreeMap<&str, Change> = BTreeMap::new();
        for (actor, change) in range.clone().flat_map(|event| changes.at(event)) {
            let all = changed.entry(actor).or_default();
            all.gained.extend(change.gained.iter().cloned());
            all.gone.extend(change.gone.iter().cloned());
        }
        let losers = losers(&events[0], &findings, &changed);
        let lines = |(actor, change): (&'r str, &Change)| {
            let mut lines = changes.lines(change);
            for line in lines.iter_mut().filter(|line| !line.gained) {
                line.lost = losers.contains(&actor);
            }
            (actor, lines)
        };
        let remark = |finding: &&Finding| Remark {
            mark: if finding.is_failure() { Mark::Fault } else { Mark::Hazard },
            hazard: finding.hazard.is_some(),
            words: findings::sentence(finding, !losers.is_empty()),
        };
        let mut row = Row {
            start: Duration::from_micros(events[0].start_us),
            line: events[0].line,
            steps: Vec::new(),
            held: None,
            changes: changed.iter().map(|(actor, change)| lines((actor, change))).collect(),
            unread,
            remarks: findings.iter().map(remark).collect(),
            mark: match faults.iter().any(|fault| range.contains(fault)) {
                true => Some(Mark::Fault),
                false => findings.iter().any(|one| one.hazard.is_some()).then_some(Mark::Hazard),
            },
            events: range,
        };
        for event in events {
            match &event.kind {
                EventKind::Step(step) => row.steps.push(Step {
                    actor: &step.actor,
                    words: action::in_trace(trace, &step.action.to_string()),
                    outcome: step.outcome.as_ref(),
                }),
                EventKind::Held { stated } => row.held = Some(stated_words(trace, stated)),
            }
        }
        row
    }

    /// A note on changes that may belong to earlier steps.
    pub fn unread_words(&self) -> Option<String> {
        let steps = count(self.unread, "step", "steps");
        (self.unread > 0 && !self.changes.is_empty())
            .then(|| format!("the lock table was not read after the {steps} before this one"))
    }
}

impl Step<'_> {
    /// The outcome in words.
    pub fn answer(&self) -> String {
        self.outcome.map_or_else(|| "no answer".to_owned(), Outcome::to_string)
    }

    /// The kind of the outcome.
    pub fn sign(&self) -> Sign {
        self.outcome.map_or(Sign::Silent, Sign::of)
    }
}

impl Sign {
    /// The kind of `outcome`.
    pub fn of(outcome: &Outcome) -> Sign {
        use Outcome::{
            Blocked, Data, Done, Failed, Free, Granted, Held, LockByte, NotOpen, Paused, Refused,
        };
        match outcome {
            Granted => Sign::Granted,
            Refused(_) | LockByte { .. } | Failed(_) => Sign::Refused,
            Blocked | Paused => Sign::Waiting,
            Done | NotOpen | Free | Held { .. } | Data(_) => Sign::Done,
        }
    }

    /// Its style in the terminal.
    pub fn style(self) -> Style {
        match self {
            Sign::Granted => GOOD,
            Sign::Refused | Sign::Waiting => CAREFUL,
            Sign::Done => PLAIN,
            Sign::Silent | Sign::Lost => BAD,
        }
    }
}

/// The actors that lose locks in a row: they have not released them, and no
/// call notified them.
fn losers<'a>(
    first: &Event,
    findings: &[&Finding],
    changed: &BTreeMap<&'a str, Change>,
) -> Vec<&'a str> {
    if !findings.iter().any(|found| found.hazard == Some(Hazard::LockLoss)) {
        return Vec::new();
    }
    let gone = |change: &Change| change.gone.iter().any(|lock| !lock.waiting);
    let losing = changed.iter().filter(|(_, change)| gone(change));
    let losing: Vec<&str> = losing.map(|(actor, _)| *actor).collect();
    let releases = |actor: &str| {
        use Action::{Exit, Inactivate, Kill, Set, Unlock};
        let EventKind::Step(step) = &first.kind else { return false };
        let action = &step.action;
        let releasing =
            matches!(action, Set { .. } | Unlock { .. } | Inactivate { .. } | Exit | Kill);
        step.actor == actor && releasing
    };
    // An actor that releases locks which others share does not lose its own.
    losing.iter().copied().filter(|actor| losing.len() == 1 || !releases(actor)).collect()
}

/// The number of events at the front that belong to one `together`.
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

/// The words for events that a drawing leaves out.
pub fn left_out(events: usize) -> String {
    format!("… {} not drawn", count(events, "step is", "steps are"))
}

fn stated_words(trace: &Trace, stated: &[String]) -> String {
    if stated.is_empty() {
        return "nothing is locked".to_owned();
    }
    let stated = stated.join(", ");
    // A single image needs no name.
    if trace.images.len() == 1 { stated.replace(" (image 0)", "") } else { stated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn sample() -> ScenarioResult {
        samples::lock_loss().tour.results.remove(0)
    }

    /// What `ask` gives for each row.
    fn each<T>(result: &ScenarioResult, ask: impl Fn(&Row<'_>) -> T) -> Vec<T> {
        rows(result, &Changes::of(&result.trace)).iter().map(ask).collect()
    }

    fn losers(result: &ScenarioResult) -> Vec<String> {
        let lost = |row: &Row<'_>| -> Vec<String> {
            let lost = row.changes.iter().filter(|(_, lines)| lines.iter().any(|line| line.lost));
            lost.map(|(actor, _)| (*actor).to_owned()).collect()
        };
        each(result, lost).concat()
    }

    #[test]
    fn an_actor_whose_locks_go_without_its_doing_loses_them() {
        let mut result = sample();
        assert_eq!(losers(&result), ["vm1"]);
        result.findings.clear();
        assert_eq!(losers(&result), Vec::<String>::new(), "no judge calls it a loss");
    }

    #[test]
    fn an_actor_that_releases_shared_locks_loses_none() {
        let mut result = sample();
        let EventKind::Step(step) = &mut result.trace.events[3].kind else { panic!("a step") };
        step.actor = "vm3".to_owned();
        step.action = Action::Inactivate { node: "disk".to_owned() };
        for event in &mut result.trace.events[..3] {
            for lock in event.table.iter_mut().flatten().filter(|lock| !lock.waiting) {
                lock.holders.insert("vm3".into());
            }
        }
        assert_eq!(losers(&result), ["vm1"]);
    }

    #[test]
    fn what_is_unread_shows_with_the_next_table() {
        let mut result = sample();
        for event in &mut result.trace.events[1..3] {
            event.table = None;
        }
        assert_eq!(each(&result, |row| row.unread), [0, 0, 1, 2, 0]);
    }

    #[test]
    fn the_worst_of_a_row_is_its_mark() {
        let mut result = sample();
        let marks = |result: &ScenarioResult| each(result, |row| row.mark);
        assert_eq!(marks(&result), [None, None, None, Some(Mark::Hazard), None]);
        result.findings[0].declared = false;
        assert_eq!(marks(&result), [None, None, None, Some(Mark::Fault), None]);
    }
}
