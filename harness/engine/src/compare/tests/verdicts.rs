use super::*;
use ExpectedVerdict::{Fails, MayFail, TimesOut};
use Verdict::{Failed, Passed, Skipped, TimedOut};
use imglock_core::Hazard;

fn one(verdict: Verdict, expected: Option<ExpectedVerdict>) -> ScenarioResult {
    ScenarioResult { known: expected.map(known), ..result("contract/one", verdict) }
}

#[rstest::rstest]
#[case(Passed, Passed, Change::Same)]
#[case(Passed, Failed, Change::Broken)]
#[case(Passed, TimedOut, Change::Broken)]
#[case(Passed, Skipped, Change::Untried)]
#[case(Failed, Passed, Change::Fixed)]
#[case(Failed, Failed, Change::Same)]
#[case(Failed, TimedOut, Change::Changed)]
#[case(Failed, Skipped, Change::Untried)]
#[case(TimedOut, Passed, Change::Fixed)]
#[case(TimedOut, Failed, Change::Changed)]
#[case(Skipped, Passed, Change::Tried)]
#[case(Skipped, Failed, Change::Broken)]
#[case(Skipped, TimedOut, Change::Broken)]
#[case(Skipped, Skipped, Change::Same)]
fn verdicts_decide(#[case] old: Verdict, #[case] new: Verdict, #[case] change: Change) {
    assert_eq!(run(Some(one(old, None)), Some(one(new, None))).change, change);
}

#[rstest::rstest]
#[case::a_known_failure_is_not_broken((Passed, None), (Failed, Some(Fails)), Change::Changed)]
#[case::one_that_fails_otherwise_is((Passed, None), (Failed, Some(TimesOut)), Change::Broken)]
#[case::as_before((Failed, Some(Fails)), (Failed, Some(Fails)), Change::Same)]
#[case::known_now((Failed, None), (Failed, Some(Fails)), Change::Changed)]
#[case::known_no_more((Failed, Some(Fails)), (Failed, None), Change::Changed)]
#[case::it_passes_although_known((Failed, Some(Fails)), (Passed, Some(Fails)), Change::Fixed)]
#[case::it_passes_and_is_known_no_more((Failed, Some(Fails)), (Passed, None), Change::Fixed)]
#[case::it_breaks_again((Passed, Some(Fails)), (Failed, None), Change::Broken)]
#[case::by_chance((Passed, Some(MayFail)), (Failed, Some(MayFail)), Change::Same)]
#[case::by_chance((TimedOut, Some(MayFail)), (Passed, Some(MayFail)), Change::Same)]
#[case::by_chance_from_now_on((Passed, None), (Failed, Some(MayFail)), Change::Changed)]
#[case::tried_and_known((Skipped, None), (Failed, Some(Fails)), Change::Tried)]
fn what_is_known_is_taken_into_account(
    #[case] (old, was_known): (Verdict, Option<ExpectedVerdict>),
    #[case] (new, is_known): (Verdict, Option<ExpectedVerdict>),
    #[case] change: Change,
) {
    assert_eq!(run(Some(one(old, was_known)), Some(one(new, is_known))).change, change);
}

#[rstest::rstest]
#[case::new(None, Some(one(Passed, None)), Change::New)]
#[case::new_and_skipped(None, Some(one(Skipped, None)), Change::New)]
#[case::new_and_bad(None, Some(one(Failed, None)), Change::Broken)]
#[case::new_and_known(None, Some(one(Failed, Some(Fails))), Change::New)]
#[case::gone(Some(one(Passed, None)), None, Change::Gone)]
#[case::gone_with_its_failure(Some(one(Failed, None)), None, Change::Gone)]
fn what_only_one_of_them_has_is_new_or_gone(
    #[case] old: Option<ScenarioResult>,
    #[case] new: Option<ScenarioResult>,
    #[case] change: Change,
) {
    assert_eq!(run(old, new).change, change);
}

#[test]
fn what_ended_before_all_had_run_has_not_lost_the_rest() {
    let old = here(vec![passed("contract/one")]);
    let new = RunDocument { complete: false, ..here(Vec::new()) };
    let comparison = compared(&old, &new);
    assert_eq!(comparison.count(Change::NotRun), 1);
    assert!(comparison.old_complete && !comparison.new_complete);
}

#[test]
fn locks_and_subject_tell_runs_apart() {
    let posix = ScenarioResult { backend: Backend::Posix, ..passed("contract/one") };
    let of_qemu = ScenarioResult { subject: "qemu-io".to_owned(), ..passed("contract/one") };
    let comparison = compared(
        &here(vec![passed("contract/one"), posix]),
        &here(vec![failed("contract/one"), of_qemu]),
    );
    let found = comparison.places[0].runs.iter();
    let found: Vec<_> = found.map(|run| (run.backend, &*run.subject, run.change)).collect();
    assert_eq!(
        found,
        [
            (Backend::Ofd, "builtin", Change::Broken),
            (Backend::Ofd, "qemu-io", Change::New),
            (Backend::Posix, "builtin", Change::Gone),
        ]
    );
}

#[test]
fn another_hazard_is_a_change() {
    let lost = ScenarioResult { hazards: [Hazard::LockLoss].into(), ..one(Passed, None) };
    let run = run(Some(one(Passed, None)), Some(lost));
    assert_eq!(run.change, Change::Changed);
}

#[test]
fn only_what_is_broken_breaks_the_comparison() {
    let is_broken = |old, new| compared(&here(vec![old]), &here(vec![new])).is_broken();
    assert!(is_broken(passed("one"), failed("one")));
    assert!(!is_broken(failed("one"), failed("one")));
    assert!(!is_broken(passed("one"), one(Skipped, None)));
}
