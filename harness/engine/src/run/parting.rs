use serde::{Deserialize, Serialize};

use super::{Event, EventKind, Trace};
use imglock_core::{Outcome, TableLock};

/// Where two runs of one scenario part: the first event that is not the same
/// in both.
///
/// Pids and times are no part of what is compared, and neither is the line: a
/// scenario may have been moved in its file. Where steps happen at the same
/// moment (`together`) the kernel may decide either way, so nothing from there
/// on is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceDifference {
    /// Its index in both traces.
    pub event: usize,
    /// The line in the scenario's file, of the second run where it has the
    /// event.
    pub line: usize,
    /// The line as text.
    pub text: String,
    /// What is different.
    #[serde(flatten)]
    pub what: DifferenceKind,
}

/// In what an event of one run is different from that of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "differs", rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The scenario itself says something else there.
    Step {
        /// The line as text, in the first.
        first: String,
        /// In the second.
        second: String,
    },
    /// What came of the step; `None` where no answer came.
    Outcome {
        /// In the first.
        first: Option<Outcome>,
        /// In the second.
        second: Option<Outcome>,
    },
    /// The lock table afterwards; `None` where it was not read.
    Locks {
        /// In the first.
        first: Option<Vec<TableLock>>,
        /// In the second.
        second: Option<Vec<TableLock>>,
    },
    /// One of them ends before it.
    End {
        /// How many events the first has.
        first: usize,
        /// How many the second has.
        second: usize,
    },
}

impl TraceDifference {
    /// Where `second` parts from `first`.
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
