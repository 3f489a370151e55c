use serde::{Deserialize, Serialize};

use crate::run::{EventKind, ScenarioResult, Trace};

/// The number of steps to keep before the relevant one.
const BEFORE: usize = 12;

/// A step of two runs, with the outcome in each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedStep {
    /// The step's index in the trace.
    pub event: usize,
    /// The line in the scenario's file.
    pub line: usize,
    /// The line as text.
    pub text: String,
    /// The outcome in the older run, in words; `None` if it has no such step.
    pub old: Option<String>,
    /// The outcome in the newer run.
    pub new: Option<String>,
}

/// The steps up to the one with this index.
pub(super) fn course(
    old: Option<&ScenarioResult>,
    new: Option<&ScenarioResult>,
    last: usize,
) -> Vec<ComparedStep> {
    let traces = [old, new].map(|result| result.map(|result| &result.trace));
    let steps = (last.saturating_sub(BEFORE)..=last).filter_map(|index| {
        let [old, new] = traces.map(|trace| trace.and_then(|trace| trace.events.get(index)));
        let event = new.or(old)?;
        let outcome =
            |trace: Option<&Trace>| trace.and_then(|trace| words(&trace.events.get(index)?.kind));
        let (line, text) = (event.line, event.text.clone());
        let [old, new] = traces.map(outcome);
        Some(ComparedStep { event: index, line, text, old, new })
    });
    steps.collect()
}

fn words(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Held { .. } => "checked".to_owned(),
        EventKind::Step(step) => match &step.outcome {
            Some(outcome) => outcome.to_string(),
            None => "no answer".to_owned(),
        },
    })
}
