use super::trial::Trial;
use super::*;
use crate::run::{Finding, Judge, ScenarioResult};
use imglock_core::{Backend, Hazard};
use imglock_scenario::{Item, Scenario};

fn cases(backend: Backend) -> impl Iterator<Item = ExploreCase> {
    (0..1_000).map(move |number| ExploreCase { seed: 5, number, steps: 15, backend })
}

/// A scenario without line numbers, which exist only in a text.
fn without_lines(mut scenario: Scenario) -> Scenario {
    for item in &mut scenario.items {
        match item {
            Item::Step(step) => step.line = 0,
            Item::Together(block) => {
                block.line = 0;
                block.steps.iter_mut().for_each(|step| step.line = 0);
            }
            other => panic!("{other:?}"),
        }
    }
    scenario
}

#[test]
fn what_is_written_by_chance_reads_back_as_it_was_meant() {
    for case in Backend::ALL.into_iter().flat_map(cases) {
        let scenario = case.scenario();
        assert_valid(&scenario);
    }
}

/// Asserts that a scenario's text parses back to the same scenario.
fn assert_valid(scenario: &Scenario) {
    let text = scenario.to_string();
    match Scenario::parse(&scenario.name, "case.kdl", &text) {
        Ok(read) => assert_eq!(without_lines(read), *scenario, "{text}"),
        Err(error) => panic!("{:?}\n{text}", miette::Report::new(error)),
    }
}

#[test]
fn what_is_left_of_a_case_is_valid_whatever_is_deleted() {
    for case in Backend::ALL.into_iter().flat_map(cases).step_by(40) {
        let scenario = case.scenario();
        let told = case.retold(&scenario.images, &scenario.items);
        assert_eq!(told, scenario, "nothing is deleted");
        for at in 0..scenario.items.len() {
            let mut items = scenario.items.clone();
            items.remove(at);
            let fewer = case.retold(&scenario.images, &items);
            assert!(fewer.items.len() < scenario.items.len());
            if !fewer.items.is_empty() {
                assert_valid(&fewer);
            }
        }
    }
}

#[test]
fn whatever_is_simpler_is_valid_and_different() {
    let mut tried = 0;
    for case in Backend::ALL.into_iter().flat_map(cases).step_by(125) {
        let scenario = case.scenario();
        let lines = scenario
            .items
            .iter()
            .enumerate()
            .flat_map(|(at, item)| simpler::line(item).into_iter().map(move |line| (at, line)));
        let rewritten = lines.map(|(at, line)| {
            assert_ne!(line, [scenario.items[at].clone()]);
            let mut items = scenario.items.clone();
            items.splice(at..=at, line);
            case.retold(&scenario.images, &items)
        });
        let whole = simpler::whole(&scenario).into_iter();
        for simpler in rewritten.chain(whole.map(|one| case.retold(&one.images, &one.items))) {
            if !simpler.items.is_empty() {
                assert_valid(&simpler);
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn a_difference_tells_of_itself_in_a_file_that_reads_back() {
    let case = ExploreCase { seed: 1, number: 4, steps: 12, backend: Backend::Ofd };
    let scenario = case.scenario();
    let fault = ExploreFinding {
        judge: Judge::Model,
        step: r#"vm1 write n1 at=0 data="a \"b\" \\ c""#.to_owned(),
        expected: "done".to_owned(),
        actual: "EBADF".to_owned(),
        message: "the outcome is `EBADF`, and the model predicts `done`".to_owned(),
    };
    let subject = "builtin".to_owned();
    let mut result = ScenarioResult::skipped("case", case.backend, subject, String::new());
    let found = |event, judge, hazard: Option<Hazard>| Finding {
        judge,
        event: Some(event),
        hazard,
        declared: hazard.is_some(),
        expected: String::new(),
        actual: String::new(),
        message: String::new(),
    };
    result.findings = vec![
        found(0, Judge::Contract, Some(Hazard::LeakedLock)),
        found(3, Judge::Model, None),
        found(3, Judge::Contract, Some(Hazard::LockLoss)),
    ];
    let trial = Trial { result, fault: Some(fault.clone()) };
    let again = Some(ExploreRepeat { tries: 3, differed: 1 });
    let told = written::told(&scenario, &trial, case, &fault, again, &Environment::default());
    let text = told.to_string();
    let read = Scenario::parse("case", "case.kdl", &text).expect("well formed");
    let declared = [Hazard::LeakedLock].into();
    assert_eq!(
        read.hazards.get(&Backend::Ofd),
        Some(&declared),
        "the other hazard follows from the fault"
    );
    for words in ["Model: done.", "Kernel: EBADF.", "1 of 3 further", "case 4 of seed"] {
        assert!(read.about.contains(words), "{words}: {}", read.about);
    }
}

/// FNV-1a of the scenarios without their prose. No version of a dependency
/// changes it.
fn digest(scenarios: impl Iterator<Item = Scenario>) -> u64 {
    let text = |mut scenario: Scenario| {
        scenario.summary.clear();
        scenario.about.clear();
        scenario.to_string()
    };
    let bytes = scenarios.map(text).flat_map(String::into_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn a_seed_means_the_same_scenarios_for_ever() {
    let few = || Backend::ALL.into_iter().flat_map(cases).step_by(10);
    let drawn = few().map(|case| case.scenario());
    assert_eq!(digest(drawn), 9_004_089_039_216_434_006, "another scenario is drawn");
    let shortened = few().map(|case| {
        let scenario = case.scenario();
        let later = scenario.items.get(1..).unwrap_or_default();
        case.retold(&scenario.images, later)
    });
    assert_eq!(
        digest(shortened),
        8_020_802_397_675_150_913,
        "the remainder of a scenario is another"
    );
}
