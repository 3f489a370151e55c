use serde::{Deserialize, Serialize};

use imglock_core::{Outcome, Refusal};

/// The outcome of one of many tries that are answered together. It encodes an
/// [`Outcome`] in few bytes, since nearly all outcomes are one of nine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tried {
    /// [`Outcome::Granted`].
    Granted,
    /// [`Outcome::Refused`].
    Refused(Refusal),
    /// Any other outcome.
    Other(Outcome),
    /// The claim was not tried, because a claim to hold beside it was not
    /// granted.
    Alone {
        /// The index of that claim, from 0.
        holder: usize,
        /// The outcome of that claim.
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
