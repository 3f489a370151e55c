use serde::{Deserialize, Serialize};

use super::{Event, EventKind, Trace};
use imglock_core::{Outcome, TableLock};

/// The first difference of two traces of one scenario: the first event that is
/// not the same in both.
///
/// Pids, times and line numbers are not compared: a scenario may have been
/// moved in its file. At steps of the same moment (`together`) the kernel may
/// decide either way, so the comparison ends there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceDifference {
    /// The index of the event in both traces.
    pub event: usize,
    /// The line in the scenario's file, of the second run where it has the
    /// event.
    pub line: usize,
    /// The line as text.
    pub text: String,
    /// The kind of the difference.
    #[serde(flatten)]
    pub what: DifferenceKind,
}

/// The kind of a difference between two events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The steps in the scenario differ.
    Step {
        /// The line as text, in the first trace.
        first: String,
        /// The line as text, in the second trace.
        second: String,
    },
    /// The outcomes differ; `None` where no answer came.
    Outcome {
        /// The outcome in the first trace.
        first: Option<Outcome>,
        /// The outcome in the second trace.
        second: Option<Outcome>,
    },
    /// The lock tables differ; `None` where the table was not read.
    Locks {
        /// The table in the first trace.
        first: Option<Vec<TableLock>>,
        /// The table in the second trace.
        second: Option<Vec<TableLock>>,
    },
    /// One of the traces ends before this event.
    End {
        /// The number of events in the first trace.
        first: usize,
        /// The number of events in the second trace.
        second: usize,
    },
}

impl TraceDifference {
    /// The first difference of `second` from `first`; `None` if they agree.
    pub fn of(first: &Trace, second: &Trace) -> Option<TraceDifference> {
        let pairs = first.events.iter().zip(&second.events).enumerate();
        for (index, (one, other)) in pairs {
            if is_contest(one) || is_contest(other) {
                return None;
            }
            if let Some(what) = departure(one, other) {
                return Some(TraceDifference::at(index, other, what));
            }
        }
        let [one, other] = [first, second].map(|trace| trace.events.len());
        let longer = if one > other { first } else { second };
        let next = longer.events.get(one.min(other)).filter(|event| !is_contest(event))?;
        Some(TraceDifference::at(
            one.min(other),
            next,
            DifferenceKind::End { first: one, second: other },
        ))
    }

    fn at(index: usize, event: &Event, what: DifferenceKind) -> TraceDifference {
        TraceDifference { event: index, line: event.line, text: event.text.clone(), what }
    }
}

fn departure(first: &Event, second: &Event) -> Option<DifferenceKind> {
    let [one, other] = [first, second].map(outcome);
    if first.text != second.text {
        let [first, second] = [first, second].map(|event| event.text.clone());
        return Some(DifferenceKind::Step { first, second });
    }
    if one != other {
        return Some(DifferenceKind::Outcome { first: one.cloned(), second: other.cloned() });
    }
    if first.table != second.table {
        let [first, second] = [first, second].map(|event| event.table.clone());
        return Some(DifferenceKind::Locks { first, second });
    }
    None
}

fn is_contest(event: &Event) -> bool {
    match &event.kind {
        EventKind::Step(step) => step.together.is_some(),
        EventKind::Held { .. } => false,
    }
}

fn outcome(event: &Event) -> Option<&Outcome> {
    match &event.kind {
        EventKind::Step(step) => step.outcome.as_ref(),
        EventKind::Held { .. } => None,
    }
}
