use super::*;
use crate::run::{DifferenceKind, Finding, Judge, TraceDifference};
use imglock_core::{ByteRange, LockType, TableLock};

fn one(outcomes: &str) -> ScenarioResult {
    traced(passed("contract/one"), outcomes)
}

fn bad(outcomes: &str) -> ScenarioResult {
    traced(failed("contract/one"), outcomes)
}

/// The first difference of the two.
fn first_difference(old: ScenarioResult, new: ScenarioResult) -> (usize, DifferenceKind) {
    let TraceDifference { event, what, .. } =
        run(Some(old), Some(new)).first_difference.expect("they part");
    (event, what)
}

#[test]
fn the_first_outcome_that_is_different_is_told_with_its_step() {
    let run = run(Some(one("granted, refused write, done")), Some(bad("granted, granted")));
    let Some(TraceDifference { event: 1, line: 8, text, what }) = run.first_difference else {
        panic!("{:?}", run.first_difference)
    };
    assert_eq!(text, "vm1 activate disk");
    let outcome = |text: &str| Some(text.parse().expect("an outcome"));
    assert_eq!(
        what,
        DifferenceKind::Outcome { first: outcome("refused write"), second: outcome("granted") }
    );
    let told = |step: &ComparedStep| (step.old.clone().unwrap(), step.new.clone().unwrap());
    let course: Vec<(String, String)> = run.course.iter().map(told).collect();
    let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
    assert_eq!(course, [pair("granted", "granted"), pair("refused write", "granted")]);
}

#[test]
fn a_step_without_an_answer_is_told() {
    let late = ScenarioResult { verdict: Verdict::TimedOut, ..one("granted, -") };
    let outcome = DifferenceKind::Outcome { first: Some("done".parse().unwrap()), second: None };
    assert_eq!(first_difference(one("granted, done"), late), (1, outcome));
}

#[test]
fn another_lock_table_is_told() {
    let lock = TableLock {
        image: 0,
        backend: Backend::Ofd,
        kind: LockType::Read,
        range: ByteRange::new(100, 100),
        waiting: false,
        holders: ["vm0.disk".into()].into(),
    };
    let mut new = bad("granted, granted");
    new.trace.events[1].table = Some(vec![lock.clone()]);
    let locks = DifferenceKind::Locks { first: Some(Vec::new()), second: Some(vec![lock]) };
    assert_eq!(first_difference(one("granted, granted"), new), (1, locks));
}

#[test]
fn a_scenario_that_says_something_else_is_told() {
    let mut new = one("granted");
    new.trace.events[0].text = "vm0 close disk".to_owned();
    let (first, second) = ("vm0 activate disk".to_owned(), "vm0 close disk".to_owned());
    assert_eq!(first_difference(one("granted"), new), (0, DifferenceKind::Step { first, second }));
}

#[test]
fn one_that_ends_early_is_told() {
    let end = DifferenceKind::End { first: 2, second: 1 };
    assert_eq!(first_difference(one("granted, done"), bad("granted")), (1, end));
}

#[test]
fn pids_times_and_lines_are_no_difference() {
    let mut new = one("granted, done");
    for event in &mut new.trace.events {
        event.line += 3;
        event.end_us += 500;
    }
    assert_eq!(run(Some(one("granted, done")), Some(new)).change, Change::Same);
}

#[test]
fn who_wins_at_the_same_moment_is_no_difference() {
    let (old, new) =
        ("done, (granted), (refused write), done", "done, (refused write), (granted), granted");
    assert_eq!(run(Some(one(old)), Some(one(new))).change, Change::Same);
}

#[test]
fn where_steps_do_not_differ_the_one_at_fault_is_told() {
    let (old, mut new) =
        (one("done, (granted), (refused write)"), bad("done, (granted), (granted)"));
    new.findings.push(Finding {
        judge: Judge::Contract,
        event: Some(2),
        hazard: None,
        declared: false,
        expected: "at most one is granted".to_owned(),
        actual: "two are".to_owned(),
        message: String::new(),
    });
    let run = run(Some(old), Some(new));
    assert_eq!((run.change, &run.first_difference), (Change::Broken, &None));
    assert_eq!(run.course.last().map(|step| step.event), Some(2));
    let objection = &run.new.expect("it ran").objections[0];
    assert_eq!((objection.line, &*objection.text), (Some(9), "vm2 activate disk"));
}

#[test]
fn two_that_pass_by_other_ways_have_changed() {
    let run = run(Some(one("granted")), Some(one("refused write")));
    assert_eq!(run.change, Change::Changed);
    assert!(run.first_difference.is_some());
}
