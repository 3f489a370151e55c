use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A way in which the contract is known to break.
///
/// A scenario declares those it shows; one that is declared and does not
/// happen fails the scenario as surely as one that happens undeclared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// A live opener was granted its locks, never gave them up, and the
    /// kernel no longer has them.
    LockLoss,
    /// A lock outlives the opener that took it: a child that nobody told
    /// about keeps the description open.
    LeakedLock,
    /// Two conflicting nodes of one process are both granted, because one
    /// owner never conflicts with itself.
    SameOwner,
    /// Conflicting openers run side by side because one of them locks
    /// nothing (`locking=off`, or `auto` without OFD locks).
    Unlocked,
}

impl Hazard {
    /// All of them.
    pub const ALL: [Hazard; 4] =
        [Hazard::LockLoss, Hazard::LeakedLock, Hazard::SameOwner, Hazard::Unlocked];

    /// The word that scenarios and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Hazard::LockLoss => "lock-loss",
            Hazard::LeakedLock => "leaked-lock",
            Hazard::SameOwner => "same-owner",
            Hazard::Unlocked => "unlocked",
        }
    }

    /// One sentence for a reader who meets the word for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Hazard::LockLoss => {
                "a live opener's locks are gone from the kernel, and it was not told"
            }
            Hazard::LeakedLock => "a lock outlives its opener, kept by an inherited descriptor",
            Hazard::SameOwner => "conflicting nodes of one process were both granted",
            Hazard::Unlocked => "conflicting openers run side by side because one takes no locks",
        }
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no hazard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no hazard is called `{0}`")]
pub struct ParseHazardError(String);

impl FromStr for Hazard {
    type Err = ParseHazardError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Hazard::ALL
            .into_iter()
            .find(|hazard| hazard.name() == word)
            .ok_or_else(|| ParseHazardError(word.to_owned()))
    }
}
