use serde::{Deserialize, Serialize};

use crate::run::{EventKind, ScenarioResult, Trace};

/// How many steps before the one that matters are told.
const BEFORE: usize = 12;

/// A step that two runs have in common, and what came of it in each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedStep {
    /// Its index in the trace.
    pub event: usize,
    /// The line in the scenario's file.
    pub line: usize,
    /// The line as text.
    pub text: String,
    /// What came of it in the older run, in words; `None` where it has no such
    /// step.
    pub old: Option<String>,
    /// In the newer run.
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
        EventKind::Held { .. } => "looked at".to_owned(),
        EventKind::Step(step) => match &step.outcome {
            Some(outcome) => outcome.to_string(),
            None => "no answer".to_owned(),
        },
    })
}
