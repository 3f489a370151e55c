//! Verdicts and reasons from findings and failed steps.

use rstest::rstest;

use super::*;
use crate::run::breach::Breach;
use crate::run::trace::{Event, EventKind};
use imglock_core::Hazard::{self, LeakedLock, LockLoss};

/// Declares `lock-loss` on POSIX.
fn scenario() -> Scenario {
    let text = "summary s\nabout a\nhazard posix=lock-loss\nvm1 open disk mode=rw";
    Scenario::parse("theme/name", "name.kdl", text).expect("a scenario")
}

fn breach(hazard: Option<Hazard>, declared: bool) -> Finding {
    let (expected, actual) = (String::new(), String::new());
    let message = "two writers".to_owned();
    let breach = Breach { hazard, expected, actual, message };
    judgement::by_contract(breach, 0, Backend::Ofd, declared)
}

fn trace() -> Trace {
    let kind = EventKind::Held { stated: Vec::new() };
    let text = "vm1 open disk mode=rw".to_owned();
    let event = Event { line: 4, text, start_us: 0, end_us: 1, kind, table: None };
    Trace { events: vec![event], ..Trace::default() }
}

fn judged(
    backend: Backend,
    findings: Vec<Finding>,
    failure: Option<StepFailure>,
) -> ScenarioResult {
    let scrutiny = Scrutiny::Full;
    let outlook =
        Outlook { scrutiny, visibility: Visibility::Shown, trace: trace(), findings, failure };
    judge(&scenario(), backend, "builtin", outlook, Duration::ZERO, Duration::from_secs(10))
}

/// The process that starts this engine is in no mount namespace of its own.
#[test]
fn what_cannot_be_mounted_is_said_in_plain_words() {
    let text = "summary s\nabout a\nrepeat 2 as=n { host bind copy$n.img to=disk.img; }";
    let mounting = Scenario::parse("theme/name", "name.kdl", text).expect("a scenario");
    assert!(mounting.mounts() && !scenario().mounts());
    let why = PrivateMounts::why_none().to_string();
    // Only this thread enters the namespace.
    let expected = match PrivateMounts::enter().is_ok() {
        true => "this program has entered no mount namespace of its own",
        false => "mounting takes root (CAP_SYS_ADMIN)",
    };
    assert_eq!(why, expected);
}

const MISSING: &str = "theme/name declares the hazard lock-loss, and it did not happen";
const LATE: &str = "`vm1 open disk mode=rw` gave no answer within 10s";
const DIED: &str = "`vm1 open disk mode=rw`: the process died";

#[rstest]
#[case::nobody_found_fault(Backend::Ofd, vec![], None, Verdict::Passed, "")]
#[case::a_declared_hazard_happened(
    Backend::Posix,
    vec![breach(Some(LockLoss), true)],
    None,
    Verdict::Passed,
    ""
)]
#[case::a_declared_hazard_did_not(Backend::Posix, vec![], None, Verdict::Failed, MISSING)]
#[case::another_one_did(
    Backend::Posix,
    vec![breach(Some(LockLoss), true), breach(Some(LeakedLock), false)],
    None,
    Verdict::Failed,
    "two writers; if this is intended, declare `hazard ofd=leaked-lock`"
)]
#[case::only_another_one_did(
    Backend::Posix,
    vec![breach(Some(LeakedLock), false)],
    None,
    Verdict::Failed,
    "two writers; if this is intended, declare `hazard ofd=leaked-lock`"
)]
#[case::an_undeclared_hazard_happened(
    Backend::Ofd,
    vec![breach(Some(LockLoss), false)],
    None,
    Verdict::Failed,
    "two writers; if this is intended, declare `hazard ofd=lock-loss`"
)]
#[case::something_without_a_name_happened(
    Backend::Ofd,
    vec![breach(None, false)],
    None,
    Verdict::Failed,
    "two writers"
)]
#[case::a_step_came_too_late(
    Backend::Ofd,
    vec![],
    Some(StepFailure::TimedOut),
    Verdict::TimedOut,
    LATE
)]
#[case::a_step_came_too_late_and_a_hazard_not_at_all(
    Backend::Posix,
    vec![],
    Some(StepFailure::TimedOut),
    Verdict::TimedOut,
    LATE
)]
#[case::a_step_came_too_late_after_a_declared_hazard(
    Backend::Posix,
    vec![breach(Some(LockLoss), true)],
    Some(StepFailure::TimedOut),
    Verdict::TimedOut,
    LATE
)]
#[case::a_step_came_too_late_after_a_fault(
    Backend::Ofd,
    vec![breach(None, false)],
    Some(StepFailure::TimedOut),
    Verdict::Failed,
    "two writers"
)]
#[case::a_process_died(Backend::Ofd, vec![], Some(StepFailure::Died), Verdict::Failed, DIED)]
#[case::a_process_died_after_a_declared_hazard(
    Backend::Posix,
    vec![breach(Some(LockLoss), true)],
    Some(StepFailure::Died),
    Verdict::Failed,
    DIED
)]
#[case::the_harness_could_not(
    Backend::Ofd,
    vec![],
    Some(StepFailure::Harness("no more processes".into())),
    Verdict::Failed,
    "no more processes"
)]
fn the_verdict_when(
    #[case] backend: Backend,
    #[case] findings: Vec<Finding>,
    #[case] failure: Option<StepFailure>,
    #[case] verdict: Verdict,
    #[case] reason: &str,
) {
    let result = judged(backend, findings, failure);
    assert_eq!((result.verdict, result.reason.as_str()), (verdict, reason));
    assert_eq!(result.findings.iter().any(Finding::is_failure), verdict != Verdict::Passed);
}

#[test]
fn a_run_that_failed_is_not_blamed_for_what_did_not_happen_any_more() {
    let result = judged(Backend::Posix, vec![breach(None, false)], None);
    assert_eq!(result.findings, [breach(None, false)]);
}

#[test]
fn hazards_are_listed_whether_declared_or_not() {
    let findings = vec![breach(Some(LockLoss), true), breach(Some(LeakedLock), false)];
    let result = judged(Backend::Posix, findings, None);
    assert_eq!(result.hazards.into_iter().collect::<Vec<_>>(), [LockLoss, LeakedLock]);
}

#[test]
fn a_hazard_that_may_show_in_the_table_alone_is_not_missed_where_there_is_none() {
    let text = "summary s\nabout a\nhazard lock-loss\nvm1 open disk mode=rw\n";
    let scenario = Scenario::parse("x", "x.kdl", text).expect("a scenario");
    let verdict = |visibility| {
        let outlook = Outlook {
            scrutiny: Scrutiny::Full,
            visibility,
            trace: Trace::default(),
            findings: Vec::new(),
            failure: None,
        };
        let took = Duration::ZERO;
        judge(&scenario, Backend::Ofd, "builtin", outlook, took, Duration::ZERO).verdict
    };
    assert_eq!(verdict(Visibility::Shown), Verdict::Failed);
    assert_eq!(verdict(Visibility::Hidden), Verdict::Passed);
}

#[test]
fn a_run_that_did_not_begin_says_why() {
    let failure = Some(StepFailure::Harness("cannot fork".into()));
    let outlook = Outlook {
        visibility: Visibility::Shown,
        scrutiny: Scrutiny::Full,
        trace: Trace::default(),
        findings: Vec::new(),
        failure,
    };
    let result = judge(
        &scenario(),
        Backend::Ofd,
        "builtin",
        outlook,
        Duration::ZERO,
        Duration::from_secs(10),
    );
    assert_eq!((result.verdict, result.reason.as_str()), (Verdict::Failed, "cannot fork"));
    assert_eq!(result.findings[0].event, None);
}

#[test]
fn an_observed_run_needs_no_hazard_to_happen() {
    let scrutiny = Scrutiny::Expectations;
    let outlook = Outlook {
        scrutiny,
        visibility: Visibility::Shown,
        trace: trace(),
        findings: Vec::new(),
        failure: None,
    };
    let result =
        judge(&scenario(), Backend::Posix, "builtin", outlook, Duration::ZERO, Duration::ZERO);
    assert_eq!(result.verdict, Verdict::Passed);
}
