use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::ScenarioResult;
use imglock_core::Verdict;
use imglock_scenario::{ExpectedVerdict, Standing};

/// The change of a run or of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails, and did not fail before.
    Broken,
    /// It failed, and passes now.
    Fixed,
    /// It fails as before, or does not fail as before, but with another result.
    Changed,
    /// It was tried before, and is skipped now.
    Untried,
    /// It was skipped before, and does not fail now.
    Tried,
    /// It does not fail, as before, and takes much longer.
    Slower,
    /// It is new, and does not fail.
    New,
    /// It is no longer in the newer document.
    Gone,
    /// The newer runs ended before it.
    NotRun,
    /// No relevant difference.
    Same,
}

impl Change {
    /// All changes, most important first.
    pub const ALL: [Change; 10] = [
        Change::Broken,
        Change::Fixed,
        Change::Changed,
        Change::Untried,
        Change::Tried,
        Change::Slower,
        Change::New,
        Change::Gone,
        Change::NotRun,
        Change::Same,
    ];

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Change::Broken => "broken",
            Change::Fixed => "fixed",
            Change::Changed => "changed",
            Change::Untried => "no longer tried",
            Change::Tried => "tried now",
            Change::Slower => "slower",
            Change::New => "new",
            Change::Gone => "gone",
            Change::NotRun => "not run",
            Change::Same => "same",
        }
    }

    /// The change of a run according to verdicts and known failures; `same` if
    /// nothing changed.
    pub(super) fn of(old: Option<&ScenarioResult>, new: Option<&ScenarioResult>) -> Change {
        match (old, new) {
            (None, None) => Change::Same,
            (Some(_), None) => Change::Gone,
            (None, Some(new)) => match fate(new) {
                Fate::Bad => Change::Broken,
                _ => Change::New,
            },
            (Some(old), Some(new)) => match (fate(old), fate(new)) {
                (Fate::Untried, Fate::Untried) => Change::Same,
                (_, Fate::Untried) => Change::Untried,
                (Fate::Untried, Fate::Bad) => Change::Broken,
                (Fate::Untried, _) => Change::Tried,
                // The run is known to pass sometimes and fail sometimes.
                _ if [old, new].into_iter().all(may_fail) => Change::Same,
                (Fate::Passed, Fate::Bad) => Change::Broken,
                (Fate::Passed, Fate::Known) => Change::Changed,
                (Fate::Bad | Fate::Known, Fate::Passed) => Change::Fixed,
                (Fate::Bad | Fate::Known, Fate::Known | Fate::Bad)
                | (Fate::Passed, Fate::Passed) => Change::Same,
            },
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The result of a run, as far as it determines the change.
enum Fate {
    /// It passed, expected or not.
    Passed,
    /// It failed, and is a known failure.
    Known,
    /// It failed unexpectedly.
    Bad,
    Untried,
}

fn fate(result: &ScenarioResult) -> Fate {
    match (result.verdict, result.standing()) {
        (Verdict::Skipped, _) => Fate::Untried,
        (Verdict::Passed, _) => Fate::Passed,
        (_, Standing::Known) => Fate::Known,
        _ => Fate::Bad,
    }
}

fn may_fail(result: &ScenarioResult) -> bool {
    result.known.as_ref().is_some_and(|known| known.expected == ExpectedVerdict::MayFail)
}
