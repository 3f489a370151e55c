//! The judges that compare: what the file expects, what the model says, and
//! what the kernel did.

use super::books::Books;
use super::contract::Breach;
use super::finding::{Finding, Judge};
use super::trace::StepEvent;
use crate::scenario::Scenario;
use crate::step::{Action, Hazard, Outcome, TableLock};

/// Holds an outcome against `expect`.
pub(super) fn by_scenario(event: &StepEvent, index: usize) -> Option<Finding> {
    let (expected, outcome) = (event.expected.as_ref()?, event.outcome.as_ref()?);
    (expected != outcome).then(|| {
        differs(Judge::Scenario, index, expected, outcome, "the scenario expects otherwise")
    })
}

/// Holds an outcome, and what the file expects of it, against the model.
pub(super) fn by_model(event: &StepEvent, index: usize) -> Option<Finding> {
    let (predicted, outcome) = (event.predicted.as_ref()?, event.outcome.as_ref()?);
    if predicted != outcome {
        return Some(differs(Judge::Model, index, predicted, outcome, "the model says otherwise"));
    }
    let expected = event.expected.as_ref().filter(|expected| *expected != predicted)?;
    Some(differs(Judge::Model, index, predicted, expected, "model and scenario disagree"))
}

fn differs(
    judge: Judge,
    index: usize,
    expected: &Outcome,
    actual: &Outcome,
    message: &str,
) -> Finding {
    Finding {
        judge,
        event: Some(index),
        hazard: None,
        declared: false,
        expected: expected.to_string(),
        actual: actual.to_string(),
        message: message.to_owned(),
    }
}

/// Holds the kernel's table against the model's.
pub(super) fn tables_differ(
    books: &Books,
    model: &[TableLock],
    kernel: &[TableLock],
    index: usize,
) -> Option<Finding> {
    // A descriptor in the middle of an open is no node yet, so fdinfo of none
    // shows its locks.
    let opening = books.all_pending().any(|(_, action)| matches!(action, Action::Open { .. }));
    let named = |lock: &TableLock| {
        let mut lock = lock.clone();
        if opening {
            lock.holders.clear();
        }
        lock
    };
    let sorted = |table: &[TableLock]| {
        let mut table: Vec<TableLock> = table.iter().map(named).collect();
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
        message: "the kernel's lock table is not the model's".to_owned(),
    })
}

fn in_lines(table: &[TableLock]) -> String {
    match table {
        [] => "no locks".to_owned(),
        table => table.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// A breach of the contract, with what the scenario declares about it.
pub(super) fn by_contract(breach: Breach, index: usize, declared: bool) -> Finding {
    Finding {
        judge: Judge::Contract,
        event: Some(index),
        hazard: breach.hazard,
        declared,
        expected: breach.expected,
        actual: breach.actual,
        message: breach.message,
    }
}

/// A hazard that was declared and did not happen.
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

/// Something the harness itself must report.
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
