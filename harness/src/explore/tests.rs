use super::*;
use crate::lock::Backend;
use crate::scenario::{Item, Scenario};

fn cases(backend: Backend) -> impl Iterator<Item = Case> {
    (0..1_000).map(move |number| Case { seed: 5, number, steps: 15, backend })
}

/// A scenario without its line numbers, which only a text has.
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
        let text = scenario.to_string();
        match Scenario::parse(&scenario.name, "case.kdl", &text) {
            Ok(read) => assert_eq!(without_lines(read), scenario, "{text}"),
            Err(error) => panic!("{:?}\n{text}", miette::Report::new(error)),
        }
    }
}
