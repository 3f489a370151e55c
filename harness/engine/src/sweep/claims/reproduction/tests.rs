//! The scenario file of a difference.

use std::collections::HashSet;

use crate::sweep::claims::cases::EVERY_CLAIM;
use crate::sweep::claims::{Arrangement, ClaimDeparture, ClaimDifference, OpenerProcesses};
use imglock_core::{Backend, Claim, Mode, Outcome};
use imglock_scenario::Scenario;

fn difference(
    processes: OpenerProcesses,
    holders: &[Mode],
    claim: Option<Claim>,
    departure: ClaimDeparture,
) -> ClaimDifference {
    let arrangement = Arrangement { backend: Backend::Posix, processes };
    let holders = holders.iter().map(|mode| mode.claim()).collect();
    ClaimDifference { arrangement, holders, claim, departure }
}

fn granted() -> ClaimDeparture {
    let expected = "refused write".parse().expect("an outcome");
    ClaimDeparture::Outcome { expected, actual: Outcome::Granted }
}

fn read_back(difference: &ClaimDifference) -> String {
    let scenario = difference.scenario();
    let text = scenario.to_string();
    let read =
        Scenario::parse("x", "x.kdl", &text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    assert_eq!(read.to_string(), text);
    assert_eq!((read.hazards, read.backends), (scenario.hazards, scenario.backends), "{text}");
    text
}

#[test]
fn another_outcome_is_expected_in_its_last_step() {
    let holders = [Mode::ShareRw, Mode::NbdRw];
    let claim = Some(Mode::Rw.claim());
    insta::assert_snapshot!(read_back(&difference(
        OpenerProcesses::Several,
        &holders,
        claim,
        granted()
    )));
}

#[test]
fn locks_that_are_left_are_looked_for_in_the_end() {
    let left = ClaimDeparture::Left { actual: Vec::new() };
    let claim = Some(Mode::Rw.claim());
    insta::assert_snapshot!(read_back(&difference(OpenerProcesses::One, &[Mode::Rw], claim, left)));
}

#[test]
fn the_holders_locks_are_stated_after_the_try() {
    let held = ClaimDeparture::Held { expected: Vec::new(), actual: Vec::new() };
    let claim = Some(Mode::ForceShare.claim());
    let [rw, none] = [Mode::ShareRw, Mode::None];
    insta::assert_snapshot!(read_back(&difference(
        OpenerProcesses::Several,
        &[rw, none],
        claim,
        held
    )));
}

#[test]
fn what_shows_after_all_tries_only_has_all_of_them() {
    let held = ClaimDeparture::Held { expected: Vec::new(), actual: Vec::new() };
    let text = read_back(&difference(OpenerProcesses::Several, &[Mode::Rw], None, held));
    assert_eq!(text.matches("vm2 open").count(), EVERY_CLAIM.len(), "{text}");
    let granted = text.matches("expect granted").count() - 1;
    assert_eq!(text.matches("vm2 close").count(), granted, "{text}");
}

#[test]
fn no_two_cases_have_one_label() {
    let one = |claim| difference(OpenerProcesses::Several, &[Mode::Rw], Some(claim), granted());
    let labels: HashSet<String> = EVERY_CLAIM.map(|claim| one(claim).label()).into();
    assert_eq!(labels.len(), EVERY_CLAIM.len());
    let label = one(Mode::Ro.claim()).label();
    assert_eq!(label, "posix-several-cw-cur-c-cur");
}
