//! The judges that compare the outcome of the kernel with the scenario file and
//! with the model.

use super::breach::Breach;
use super::finding::{Finding, Judge};
use super::trace::StepEvent;
use imglock_core::{Backend, Hazard, Outcome, TableLock};
use imglock_scenario::Scenario;

/// Compares an outcome with the step's `expect`.
pub(super) fn by_scenario(event: &StepEvent, index: usize) -> Option<Finding> {
    let (expected, outcome) = (event.expected.as_ref()?, event.outcome.as_ref()?);
    let message = || format!("the outcome is `{outcome}`, and the scenario expects `{expected}`");
    (expected != outcome).then(|| differs(Judge::Scenario, index, expected, outcome, message()))
}

/// Compares an outcome, and the outcome that the file expects, with the model.
pub(super) fn by_model(event: &StepEvent, index: usize) -> Option<Finding> {
    let (predicted, outcome) = (event.predicted.as_ref()?, event.outcome.as_ref()?);
    if predicted != outcome {
        let message = format!("the outcome is `{outcome}`, and the model predicts `{predicted}`");
        return Some(differs(Judge::Model, index, predicted, outcome, message));
    }
    let expected = event.expected.as_ref().filter(|expected| *expected != predicted)?;
    let message = format!(
        "kernel and model agree on `{predicted}`; check `expect {expected:?}` in the scenario",
        expected = expected.to_string()
    );
    Some(differs(Judge::Model, index, predicted, expected, message))
}

fn differs(
    judge: Judge,
    index: usize,
    expected: &Outcome,
    actual: &Outcome,
    message: String,
) -> Finding {
    Finding {
        judge,
        event: Some(index),
        hazard: None,
        declared: false,
        expected: expected.to_string(),
        actual: actual.to_string(),
        message,
    }
}

/// The message about a lock table that differs from the model's.
pub(crate) const NOT_THE_MODELS: &str = "the kernel's lock table differs from the model's";
/// The text for a table without locks.
pub(crate) const NO_LOCKS: &str = "no locks";

/// Compares the kernel's table with the model's.
pub(super) fn tables_differ(
    model: &[TableLock],
    kernel: &[TableLock],
    index: usize,
) -> Option<Finding> {
    let sorted = |table: &[TableLock]| {
        let mut table = table.to_vec();
        table.sort();
        table
    };
    let (model, kernel) = (sorted(model), sorted(kernel));
    (model != kernel).then(|| Finding {
        judge: Judge::Model,
        event: Some(index),
        hazard: None,
        declared: false,
        expected: in_lines(&model),
        actual: in_lines(&kernel),
        message: NOT_THE_MODELS.to_owned(),
    })
}

fn in_lines(table: &[TableLock]) -> String {
    match table {
        [] => NO_LOCKS.to_owned(),
        table => table.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// The finding for a breach of the contract. A hazard that the scenario does
/// not declare gets advice in its message.
pub(super) fn by_contract(
    breach: Breach,
    index: usize,
    backend: Backend,
    declared: bool,
) -> Finding {
    let message = match breach.hazard {
        Some(hazard) if !declared => {
            format!("{}; if this is intended, declare `hazard {backend}={hazard}`", breach.message)
        }
        _ => breach.message,
    };
    Finding {
        judge: Judge::Contract,
        event: Some(index),
        hazard: breach.hazard,
        declared,
        expected: breach.expected,
        actual: breach.actual,
        message,
    }
}

/// The finding for a declared hazard that did not happen.
pub(super) fn missing_hazard(scenario: &Scenario, hazard: Hazard) -> Finding {
    Finding {
        judge: Judge::Scenario,
        event: None,
        hazard: None,
        declared: false,
        expected: format!("hazard {hazard}: {}", hazard.meaning()),
        actual: "it did not happen".to_owned(),
        message: format!("{} declares the hazard {hazard}, and it did not happen", scenario.name),
    }
}

/// A finding of the harness itself.
pub(super) fn by_harness(index: Option<usize>, actual: String, message: String) -> Finding {
    Finding {
        judge: Judge::Harness,
        event: index,
        hazard: None,
        declared: false,
        expected: String::new(),
        actual,
        message,
    }
}

#[cfg(test)]
mod tests;
