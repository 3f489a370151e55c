use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::ScenarioResult;
use imglock_core::Verdict;
use imglock_scenario::{ExpectedVerdict, Standing};

/// What has become of a run, or of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails, and did not before.
    Broken,
    /// It failed, and passes now.
    Fixed,
    /// It fails as it did before or is fine as it was before, but otherwise.
    Changed,
    /// It was tried before, and is skipped now.
    Untried,
    /// It was skipped before, and is fine now.
    Tried,
    /// It is fine as it was, and takes much longer than it did.
    Slower,
    /// It was not there before, and is fine.
    New,
    /// It was there before, and is no more.
    Gone,
    /// It was there before, and the newer runs ended before it.
    NotRun,
    /// Nothing that matters is different.
    Same,
}

impl Change {
    /// All of them, what matters most before the rest.
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

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Change::Broken => "broken",
            Change::Fixed => "fixed",
            Change::Changed => "changed",
            Change::Untried => "no longer tried",
            Change::Tried => "tried at last",
            Change::Slower => "slower",
            Change::New => "new",
            Change::Gone => "gone",
            Change::NotRun => "not run",
            Change::Same => "same",
        }
    }

    /// What has become of a run, as far as verdicts and what is known tell;
    /// `same` for one that went as before.
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
                // Chance has it either way, and that is known.
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

/// What a run came to, as far as that decides what has become of it.
enum Fate {
    /// It passed, expected or not.
    Passed,
    /// It did not, as is known.
    Known,
    /// It did not, and nobody expected that.
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
