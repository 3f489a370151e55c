use serde::{Deserialize, Serialize};

use imglock_core::Outcome;
use imglock_core::Refusal;

/// What came of one of many tries that are answered together: an [`Outcome`]
/// in the fewest bytes, since nearly all of them are one of nine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tried {
    /// [`Outcome::Granted`].
    Granted,
    /// [`Outcome::Refused`].
    Refused(Refusal),
    /// Any other outcome.
    Other(Outcome),
    /// It came to no try, because a claim that was to be held beside it was
    /// not granted.
    Alone {
        /// Which of them, from 0.
        holder: usize,
        /// What it got instead.
        outcome: Outcome,
    },
}

impl From<Outcome> for Tried {
    fn from(outcome: Outcome) -> Tried {
        match outcome {
            Outcome::Granted => Tried::Granted,
            Outcome::Refused(refusal) => Tried::Refused(refusal),
            other => Tried::Other(other),
        }
    }
}
