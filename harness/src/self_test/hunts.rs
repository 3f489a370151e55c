//! What each hunter does: run something with the fault planted, and tell the
//! first thing that is not as it must be.

use super::{Catch, Ground, Hunted};
use crate::run::{Casting, Engine, Finding, HarnessError, ScenarioResult, Verdict};
use crate::sweep::{Difference, mode_table};

/// What stands for an empty lock table.
const NO_LOCKS: &str = "no locks";

/// The scenarios, in their order, until one does not pass.
pub(super) fn suite(ground: &Ground) -> Result<Hunted, HarnessError> {
    let Ground { options, backend, scenarios, .. } = ground;
    let mut engine = Engine::prepare(options, *backend)?;
    let mut runs = 0;
    for scenario in scenarios.iter().filter(|one| one.backends.contains(backend)) {
        let result = engine.run(scenario, *backend)?;
        runs += 1;
        if !matches!(result.verdict, Verdict::Passed | Verdict::Skipped) {
            return Ok(Hunted { runs, catch: Some(of_run(&result)) });
        }
    }
    Ok(Hunted { runs, catch: None })
}

/// Where a scenario went wrong, and what its judges said.
fn of_run(result: &ScenarioResult) -> Catch {
    let finding = result.findings.iter().find(|finding| finding.is_failure());
    let event = finding.and_then(|finding| result.trace.events.get(finding.event?));
    let at = match event {
        Some(event) => format!("{}:{}", result.scenario, event.line),
        None => result.scenario.clone(),
    };
    Catch { at, said: finding.map_or_else(|| result.reason.clone(), said) }
}

/// What a judge said. Of two lock tables, with what only one of them has.
fn said(finding: &Finding) -> String {
    let Finding { expected, actual, message, .. } = finding;
    let only = |one: &str, other: &str| {
        let other: Vec<&str> = other.split("; ").collect();
        let lines = one.split("; ").filter(|line| !other.contains(line) && *line != NO_LOCKS);
        lines.collect::<Vec<_>>().join(", ")
    };
    if message.contains(actual.as_str()) {
        return message.clone();
    }
    match (only(actual, expected), only(expected, actual)) {
        (more, less) if more.is_empty() => format!("{message}, it lacks {less}"),
        (more, less) if less.is_empty() => format!("{message}, it has {more}"),
        (more, less) => format!("{message}, it has {more} for {less}"),
    }
}

/// Every pair of modes.
pub(super) fn matrix(ground: &Ground) -> Result<Hunted, HarnessError> {
    let Ground { options, backend, matrix, .. } = ground;
    let table = mode_table(*backend, &Casting::default(), options)?;
    let runs = table.cells().count() as u64;
    let found = table.findings.iter().find(|finding| finding.is_failure());
    let differs = table.differences(matrix).into_iter().next();
    let catch = match (differs, found) {
        (Some(Difference { first, second, measured, stated }), _) => {
            let measured =
                measured.map_or_else(|| "no answer".to_owned(), |outcome| outcome.to_string());
            let said = format!("it gave `{measured}`, and the matrix states `{stated}`");
            Some(Catch { at: format!("{first} then {second}"), said })
        }
        (None, Some(finding)) => Some(Catch { at: "a pair".to_owned(), said: said(finding) }),
        (None, None) => None,
    };
    Ok(Hunted { runs, catch })
}
