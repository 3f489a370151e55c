use std::time::Duration;

use super::*;
use crate::run::{Event, EventKind, StepEvent, Trace};
use imglock_core::{Action, Hazard};

/// A passed run whose steps had these outcomes.
fn result(subject: &str, outcomes: &str, together: Option<usize>) -> ScenarioResult {
    let step = |outcome: &str| StepEvent {
        actor: "vm1".to_owned(),
        action: Action::Activate { node: "disk".to_owned() },
        outcome: Some(outcome.parse().expect("an outcome")),
        expected: None,
        predicted: None,
        warnings: Vec::new(),
        together,
        messages: Vec::new(),
    };
    let event = |outcome: &str| Event {
        line: 7,
        text: "vm1 activate disk".to_owned(),
        start_us: 0,
        end_us: 0,
        kind: EventKind::Step(Box::new(step(outcome))),
        table: Some(Vec::new()),
    };
    let mut result = ScenarioResult::skipped(
        "contract/second-writer",
        Backend::Ofd,
        subject.to_owned(),
        String::new(),
    );
    result.verdict = Verdict::Passed;
    result.duration = Duration::from_millis(1);
    result.trace = Trace { events: outcomes.split(", ").map(event).collect(), ..Trace::default() };
    result
}

/// The differences between two results, as text.
fn told(first: ScenarioResult, second: ScenarioResult) -> Vec<String> {
    let told =
        |one: &MixDifference| format!("{}: {} / {}", one.at, one.with_first, one.with_second);
    mix_differences(&[first, second]).iter().map(told).collect()
}

#[test]
fn another_outcome_is_told_with_its_line() {
    let told = told(
        result("builtin", "granted, refused write", None),
        result("q", "granted, granted", None),
    );
    assert_eq!(told, ["line 7: vm1 activate disk: refused write / granted"]);
}

#[test]
fn another_verdict_or_hazard_is_told_even_of_a_race() {
    let ours = || result("builtin", "granted, refused write", Some(0));
    let failed = ScenarioResult { verdict: Verdict::Failed, ..ours() };
    assert_eq!(told(ours(), failed), ["the verdict: passed / failed"]);
    let lost = ScenarioResult { hazards: [Hazard::LockLoss].into(), ..ours() };
    assert_eq!(told(ours(), lost), ["the hazards: none / lock-loss"]);
}

#[test]
fn another_lock_table_is_told() {
    let mut theirs = result("q", "granted", None);
    theirs.trace.events[0].table = None;
    let told = told(result("builtin", "granted", None), theirs);
    assert_eq!(told, ["line 7: vm1 activate disk: no locks / not read"]);
}

#[test]
fn a_run_that_ends_early_is_told() {
    let told = told(result("builtin", "granted, granted", None), result("q", "granted", None));
    assert_eq!(told, ["the end: 2 events / 1 events"]);
}

#[test]
fn a_race_that_another_wins_and_what_was_skipped_are_no_difference() {
    let ours = || result("builtin", "granted, refused write", Some(0));
    assert_eq!(told(ours(), result("q", "refused write, granted", Some(0))), [""; 0]);
    let skipped = ScenarioResult { verdict: Verdict::Skipped, ..result("q", "granted", None) };
    assert_eq!(told(ours(), skipped), [""; 0]);
}
