//! Each pair of file, model and kernel in disagreement.

use rstest::rstest;

use super::{by_contract, by_harness, by_model, by_scenario, missing_hazard, tables_differ};
use crate::run::breach::Breach;
use crate::run::finding::{Finding, Judge};
use crate::run::history::table;
use crate::run::trace::StepEvent;
use imglock_core::{
    Action,
    Backend::{Ofd, Posix},
    Hazard, Outcome,
};
use imglock_scenario::Scenario;

/// An event whose outcomes are given as text, `""` for none.
fn event(expected: &str, predicted: &str, outcome: &str) -> StepEvent {
    let parsed = |text: &str| -> Option<Outcome> {
        (!text.is_empty()).then(|| text.parse().expect("an outcome"))
    };
    StepEvent {
        actor: "vm1".into(),
        action: Action::Close { node: "disk".into() },
        outcome: parsed(outcome),
        expected: parsed(expected),
        predicted: parsed(predicted),
        warnings: Vec::new(),
        together: None,
        messages: Vec::new(),
    }
}

/// `model: granted, not refused write`.
fn said(finding: Option<Finding>) -> String {
    finding.map_or(String::new(), |finding| {
        assert_eq!((finding.event, finding.hazard), (Some(7), None));
        assert!(finding.is_failure(), "a difference is no hazard");
        format!("{}: {}, not {}", finding.judge, finding.expected, finding.actual)
    })
}

#[rstest]
#[case::all_agree("granted", "granted", "granted", "", "")]
#[case::the_file_says_nothing("", "granted", "granted", "", "")]
#[case::the_model_does_not_know("granted", "", "granted", "", "")]
#[case::nobody_knows("", "", "refused write", "", "")]
#[case::nothing_happened("granted", "refused write", "", "", "")]
#[case::the_file_is_wrong(
    "granted",
    "refused write",
    "refused write",
    "scenario: granted, not refused write",
    "model: refused write, not granted"
)]
#[case::the_model_is_wrong(
    "refused write",
    "granted",
    "refused write",
    "",
    "model: granted, not refused write"
)]
#[case::the_kernel_is_wrong(
    "refused write",
    "refused write",
    "granted",
    "scenario: refused write, not granted",
    "model: refused write, not granted"
)]
#[case::the_kernel_is_wrong_and_the_file_silent(
    "",
    "refused write",
    "granted",
    "",
    "model: refused write, not granted"
)]
#[case::the_model_does_not_know_and_the_file_is_wrong(
    "granted",
    "",
    "refused write",
    "scenario: granted, not refused write",
    ""
)]
#[case::it_is_refused_over_another_permission(
    "refused write",
    "refused shared write",
    "refused resize",
    "scenario: refused write, not refused resize",
    "model: refused shared write, not refused resize"
)]
fn an_outcome_is_judged_by_file_and_model_alone(
    #[case] expected: &str,
    #[case] predicted: &str,
    #[case] outcome: &str,
    #[case] scenario_says: &str,
    #[case] model_says: &str,
) {
    let event = event(expected, predicted, outcome);
    assert_eq!(said(by_scenario(&event, 7)), scenario_says);
    assert_eq!(said(by_model(&event, 7)), model_says);
}

#[rstest]
#[case::nothing("", "")]
#[case::the_same("read 100 vm1.disk, write 5 vm1", "read 100 vm1.disk, write 5 vm1")]
#[case::in_another_order(
    "read 100 vm1.disk, read 100 vm2.disk",
    "read 100 vm2.disk, read 100 vm1.disk"
)]
fn tables_agree(#[case] model: &str, #[case] kernel: &str) {
    assert_eq!(tables_differ(&table(Ofd, model), &table(Ofd, kernel), 7), None);
}

#[rstest]
#[case::one_too_many("", "read 100 vm1.disk", "no locks, not ofd read 100 image 0 by vm1.disk")]
#[case::one_too_few("read 100 vm1", "", "posix read 100 image 0 by vm1, not no locks")]
#[case::one_twice(
    "read 100 vm1",
    "read 100 vm1, read 100 vm1",
    "posix read 100 image 0 by vm1, \
     not posix read 100 image 0 by vm1; posix read 100 image 0 by vm1"
)]
#[case::another_type(
    "read 100 vm1",
    "write 100 vm1",
    "posix read 100 image 0 by vm1, not posix write 100 image 0 by vm1"
)]
#[case::another_range(
    "read 100 vm1",
    "read 101 vm1",
    "posix read 100 image 0 by vm1, not posix read 101 image 0 by vm1"
)]
#[case::another_image(
    "read 100 vm1",
    "base read 100 vm1",
    "posix read 100 image 0 by vm1, not posix read 100 image 1 by vm1"
)]
#[case::another_holder(
    "read 100 vm1.disk",
    "read 100 vm2.disk",
    "ofd read 100 image 0 by vm1.disk, not ofd read 100 image 0 by vm2.disk"
)]
#[case::one_holder_less(
    "read 100 child.disk+vm1.disk",
    "read 100 vm1.disk",
    "ofd read 100 image 0 by child.disk and vm1.disk, not ofd read 100 image 0 by vm1.disk"
)]
#[case::only_waited_for(
    "read 100 vm1",
    "->read 100 vm1",
    "posix read 100 image 0 by vm1, not -> posix read 100 image 0 by vm1"
)]
#[case::another_backend(
    "read 100",
    "read 100 vm1",
    "ofd read 100 image 0 by ?, not posix read 100 image 0 by vm1"
)]
fn tables_differ_over(#[case] model: &str, #[case] kernel: &str, #[case] words: &str) {
    let finding = tables_differ(&table(Ofd, model), &table(Ofd, kernel), 7);
    assert_eq!(said(finding), format!("model: {words}"));
}

#[rstest]
#[case::a_declared_hazard(Some(Hazard::LockLoss), true, false)]
#[case::an_undeclared_hazard(Some(Hazard::LockLoss), false, true)]
#[case::a_breach_without_a_name(None, false, true)]
#[case::a_breach_without_a_name_is_never_declared(None, true, true)]
fn a_breach_makes_the_run_fail_unless_it_is(
    #[case] hazard: Option<Hazard>,
    #[case] declared: bool,
    #[case] fails: bool,
) {
    let breach = Breach { hazard, expected: "e".into(), actual: "a".into(), message: "m".into() };
    let finding = by_contract(breach, 7, imglock_core::Backend::Ofd, declared);
    assert_eq!(finding.is_failure(), fails);
    assert_eq!((finding.judge, finding.hazard), (Judge::Contract, hazard));
}

#[test]
fn a_declared_hazard_that_does_not_happen_makes_the_run_fail() {
    let text = "summary s\nabout a\nhazard posix=lock-loss\nvm1 open disk mode=rw";
    let scenario = Scenario::parse("theme/name", "name.kdl", text).expect("a scenario");
    assert!(scenario.hazards[&Posix].contains(&Hazard::LockLoss));
    let finding = missing_hazard(&scenario, Hazard::LockLoss);
    assert!(finding.is_failure());
    assert_eq!(
        (finding.judge, finding.hazard),
        (Judge::Scenario, None),
        "it is none: it is missing"
    );
    assert_eq!(finding.message, "theme/name declares the hazard lock-loss, and it did not happen");
}

#[test]
fn what_the_harness_reports_makes_the_run_fail() {
    assert!(by_harness(None, "the process died".into(), String::new()).is_failure());
}
