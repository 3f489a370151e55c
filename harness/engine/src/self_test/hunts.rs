//! The work of each detector: run something with the fault planted, and report
//! the first unexpected result.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::SelfTestError;
use super::{CatchGround, CatchSpot, FaultCatch, Hunted};
use crate::run::{Casting, Engine, Finding, NO_LOCKS, NOT_THE_MODELS, RunOptions, ScenarioResult};
use crate::sweep::{ModeDifference, mode_table};
use imglock_core::Verdict;
use imglock_scenario::Scenario;

/// Runs the scenarios, until one does not pass.
pub(super) fn suite(ground: &CatchGround) -> Result<Hunted, SelfTestError> {
    let CatchGround { options, backend, scenarios, .. } = ground;
    let mut engine = Engine::prepare(options, *backend)?;
    let mut runs = 0;
    for scenario in in_turn(scenarios) {
        if !scenario.backends.contains(backend) {
            continue;
        }
        let result = engine.run(scenario, RunOptions::new(*backend))?;
        runs += 1;
        if !matches!(result.verdict, Verdict::Passed | Verdict::Skipped) {
            return Ok(Hunted { runs, catch: Some(of_run(&result)) });
        }
    }
    Ok(Hunted { runs, catch: None })
}

/// The first scenario of each theme, then the second of each, and so on.
/// Scenarios of one theme are similar, and find the same faults.
fn in_turn(scenarios: &[Arc<Scenario>]) -> Vec<&Scenario> {
    let mut met: HashMap<&str, usize> = HashMap::new();
    let mut turns: Vec<(usize, &Scenario)> = Vec::new();
    for scenario in scenarios {
        let theme = scenario.name.theme();
        let number = met.entry(theme).or_default();
        turns.push((*number, scenario));
        *number += 1;
    }
    turns.sort_by_key(|(number, _)| *number);
    turns.into_iter().map(|(_, scenario)| scenario).collect()
}

/// The place and the finding of a run.
fn of_run(result: &ScenarioResult) -> FaultCatch {
    let finding = result.findings.iter().find(|finding| finding.is_failure());
    let event = finding.and_then(|finding| result.trace.events.get(finding.event?));
    let at = match event {
        Some(event) => CatchSpot::Line { scenario: result.scenario.clone(), line: event.line },
        None => CatchSpot::Words(result.scenario.to_string()),
    };
    FaultCatch { at, said: finding.map_or_else(|| result.reason.clone(), said) }
}

/// The text of a finding. For lock tables, only the differing lines.
fn said(finding: &Finding) -> String {
    let Finding { expected, actual, message, .. } = finding;
    if message != NOT_THE_MODELS {
        return message.clone();
    }
    let only = |one: &str, other: &str| {
        let other: Vec<&str> = other.split("; ").collect();
        let lines = one.split("; ").filter(|line| !other.contains(line) && *line != NO_LOCKS);
        lines.collect::<Vec<_>>().join(", ")
    };
    match (only(actual, expected), only(expected, actual)) {
        (more, less) if more.is_empty() => format!("the kernel's lock table lacks {less}"),
        (more, less) if less.is_empty() => format!("the kernel's lock table has {more} too many"),
        (more, less) => format!("the kernel's lock table has {more} in place of {less}"),
    }
}

/// Every pair of modes.
pub(super) fn matrix(ground: &CatchGround) -> Result<Hunted, SelfTestError> {
    let CatchGround { options, backend, matrix, .. } = ground;
    let table = mode_table(*backend, &Casting::default(), options)?;
    let runs = table.cells().count() as u64;
    let found = table.findings.iter().find(|finding| finding.is_failure());
    let differs = table.differences(matrix).into_iter().next();
    let catch = match (differs, found) {
        (Some(ModeDifference { first, second, measured, stated }), _) => {
            let measured =
                measured.map_or_else(|| "no answer".to_owned(), |outcome| outcome.to_string());
            let said = format!("it gave `{measured}`, and the matrix states `{stated}`");
            Some(FaultCatch { at: CatchSpot::Words(format!("{first} then {second}")), said })
        }
        (None, Some(finding)) => {
            Some(FaultCatch { at: CatchSpot::Words("a pair".to_owned()), said: said(finding) })
        }
        (None, None) => None,
    };
    Ok(Hunted { runs, catch })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Judge;

    #[test]
    fn the_themes_take_turns() {
        let scenario = |name: &&str| {
            let text = "summary \"s\"\nabout \"a\"\nvm1 open disk mode=rw\n";
            Arc::new(Scenario::parse(*name, name, text).expect("a scenario"))
        };
        let names = ["a/1", "a/2", "a/3", "b/1", "c/1", "c/2"];
        let scenarios: Vec<_> = names.iter().map(scenario).collect();
        let turns: Vec<&str> = in_turn(&scenarios).iter().map(|one| one.name.as_str()).collect();
        assert_eq!(turns, ["a/1", "b/1", "c/1", "a/2", "c/2", "a/3"]);
    }

    fn tables(expected: &str, actual: &str) -> String {
        said(&Finding {
            judge: Judge::Model,
            event: None,
            hazard: None,
            declared: false,
            expected: expected.to_owned(),
            actual: actual.to_owned(),
            message: NOT_THE_MODELS.to_owned(),
        })
    }

    #[rstest::rstest]
    #[case("no locks", "read 100", "the kernel's lock table has read 100 too many")]
    #[case("read 100; read 201", "read 201", "the kernel's lock table lacks read 100")]
    #[case(
        "read 100; read 201",
        "read 110; read 201",
        "the kernel's lock table has read 110 in place of read 100"
    )]
    fn of_lock_tables_it_tells_what_only_one_has(
        #[case] expected: &str,
        #[case] actual: &str,
        #[case] told: &str,
    ) {
        assert_eq!(tables(expected, actual), told);
    }
}
