//! Hand-made documents for every rule.

mod parting;
mod places;
mod properties;
mod speed;
mod verdicts;

use std::time::Duration;

use super::*;
use crate::run::{
    Environment, Event, EventKind, Place, RunDocument, ScenarioResult, StepEvent, Trace,
};
use imglock_core::{Action, Backend, Verdict};
use imglock_scenario::{ExpectedVerdict, Known};

/// The factor for slower runs.
const FACTOR: f64 = 3.0;

/// A place under kernel 6.1.0.
fn place(name: &str) -> Place {
    under("6.1.0", name)
}

fn under(kernel: &str, name: &str) -> Place {
    let environment = Environment {
        kernel: kernel.to_owned(),
        file_system: name.rsplit('/').next().unwrap_or_default().to_owned(),
        ..Environment::default()
    };
    Place::reached(name.into(), environment)
}

fn document(places: Vec<Place>, results: Vec<ScenarioResult>) -> RunDocument {
    RunDocument { schema: RunDocument::SCHEMA, complete: true, places, results }
}

/// A document that has run at its only place.
fn here(results: Vec<ScenarioResult>) -> RunDocument {
    document(vec![place("ext4")], results)
}

fn result(scenario: &str, verdict: Verdict) -> ScenarioResult {
    let (subject, reason) = ("builtin".to_owned(), String::new());
    ScenarioResult {
        place: "ext4".into(),
        verdict,
        duration: Duration::from_millis(10),
        ..ScenarioResult::skipped(scenario, Backend::Ofd, subject, reason)
    }
}

fn passed(scenario: &str) -> ScenarioResult {
    result(scenario, Verdict::Passed)
}

fn failed(scenario: &str) -> ScenarioResult {
    result(scenario, Verdict::Failed)
}

fn known(expected: ExpectedVerdict) -> Known {
    Known { expected, why: "a known fact".to_owned(), link: None }
}

/// Steps with these outcomes, such as `granted, refused write`. Those in
/// brackets happen at the same moment.
fn trace(outcomes: &str) -> Trace {
    let event = |(index, text): (usize, &str)| {
        let word = text.trim_matches(['(', ')']);
        let step = StepEvent {
            actor: format!("vm{index}"),
            action: Action::Activate { node: "disk".to_owned() },
            outcome: (word != "-").then(|| word.parse().expect("an outcome")),
            expected: None,
            predicted: None,
            warnings: Vec::new(),
            together: text.starts_with('(').then_some(0),
            messages: Vec::new(),
        };
        Event {
            line: 7 + index,
            text: format!("vm{index} activate disk"),
            start_us: 0,
            end_us: 0,
            kind: EventKind::Step(Box::new(step)),
            table: Some(Vec::new()),
        }
    };
    Trace { events: outcomes.split(", ").enumerate().map(event).collect(), ..Trace::default() }
}

fn traced(result: ScenarioResult, outcomes: &str) -> ScenarioResult {
    ScenarioResult { trace: trace(outcomes), ..result }
}

fn compared(old: &RunDocument, new: &RunDocument) -> Comparison {
    Comparison::of(old, new, FACTOR)
}

/// The change of the only run.
fn run(old: Option<ScenarioResult>, new: Option<ScenarioResult>) -> RunChange {
    let [old, new] = [old, new].map(|result| here(result.into_iter().collect()));
    let mut comparison = compared(&old, &new);
    let mut runs = comparison.places.remove(0).runs;
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}
