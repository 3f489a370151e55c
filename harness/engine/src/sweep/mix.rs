use std::collections::BTreeMap;

use crate::run::{DifferenceKind, ScenarioResult, TraceDifference};
use imglock_core::{Backend, ScenarioName, TableLock, Verdict};

/// A scenario with different results under two casts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MixDifference {
    /// The scenario.
    pub scenario: ScenarioName,
    /// Lock type of both runs.
    pub backend: Backend,
    /// The reference cast.
    pub first: String,
    /// The other cast.
    pub second: String,
    /// The first place where they differ, such as `line 13: vm2 open disk
    /// mode=rw`.
    pub at: String,
    /// The result with the first cast.
    pub with_first: String,
    /// The result with the second cast.
    pub with_second: String,
}

/// Compares the results of each scenario: the verdict, the hazards, every
/// outcome and every reading of the lock table. Skipped runs are not compared.
///
/// In a `together` block, the kernel may decide either way. From there on, only
/// verdict and hazards are compared.
pub fn mix_differences(results: &[ScenarioResult]) -> Vec<MixDifference> {
    let mut cells: BTreeMap<(&ScenarioName, Backend), Vec<&ScenarioResult>> = BTreeMap::new();
    for result in results.iter().filter(|result| result.verdict != Verdict::Skipped) {
        cells.entry((&result.scenario, result.backend)).or_default().push(result);
    }
    let compared = cells.into_values().filter_map(|cell| {
        let (first, others) = cell.split_first()?;
        Some(others.iter().filter_map(|other| difference(first, other)).collect::<Vec<_>>())
    });
    compared.flatten().collect()
}

fn difference(first: &ScenarioResult, second: &ScenarioResult) -> Option<MixDifference> {
    let parted = |at: &str, with_first: String, with_second: String| MixDifference {
        scenario: first.scenario.clone(),
        backend: first.backend,
        first: first.subject.clone(),
        second: second.subject.clone(),
        at: at.to_owned(),
        with_first,
        with_second,
    };
    if first.verdict != second.verdict {
        let (one, other) = (first.verdict.to_string(), second.verdict.to_string());
        return Some(parted("the verdict", one, other));
    }
    if first.hazards != second.hazards {
        let names = |result: &ScenarioResult| {
            let names: Vec<String> = result.hazards.iter().map(ToString::to_string).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        return Some(parted("the hazards", names(first), names(second)));
    }
    let TraceDifference { line, text, what, .. } =
        TraceDifference::of(&first.trace, &second.trace)?;
    let at = format!("line {line}: {text}");
    Some(match what {
        DifferenceKind::Step { first, second } => parted(&at, first, second),
        DifferenceKind::Outcome { first, second } => {
            let [one, other] = [first, second].map(|one| one.map(|outcome| outcome.to_string()));
            parted(&at, one.unwrap_or_default(), other.unwrap_or_default())
        }
        DifferenceKind::Locks { first, second } => {
            let [one, other] = [first, second].map(|table| locks(table.as_deref()));
            parted(&at, one, other)
        }
        DifferenceKind::End { first, second } => {
            let [one, other] = [first, second].map(|number| format!("{number} events"));
            parted("the end", one, other)
        }
    })
}

fn locks(table: Option<&[TableLock]>) -> String {
    match table {
        None => "not read".to_owned(),
        Some([]) => "no locks".to_owned(),
        Some(locks) => locks.iter().map(TableLock::to_string).collect::<Vec<_>>().join("; "),
    }
}

#[cfg(test)]
mod tests;
