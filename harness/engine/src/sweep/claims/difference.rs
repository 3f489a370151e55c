use serde::{Deserialize, Serialize};

use super::Arrangement;
use imglock_core::Claim;
use imglock_core::{Outcome, TableLock};

/// A case in which the kernel and the algebra disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDifference {
    /// Where and how the openers were.
    #[serde(flatten)]
    pub arrangement: Arrangement,
    /// Who had the image open, in the order in which they opened it.
    pub holders: Vec<Claim>,
    /// Who tried to open it then; `None` when it only shows once every claim
    /// has been tried, one after the other.
    pub claim: Option<Claim>,
    /// What was not as it must be.
    #[serde(flatten)]
    pub departure: ClaimDeparture,
}

/// What was not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "departure")]
pub enum ClaimDeparture {
    /// The opener got something else.
    Outcome {
        /// What the algebra says.
        expected: Outcome,
        /// What it got.
        actual: Outcome,
    },
    /// Once the opener had gone, the holders had not just their own locks.
    Held {
        /// The locks of the holders.
        expected: Vec<TableLock>,
        /// What the kernel's table said.
        actual: Vec<TableLock>,
    },
    /// Once everybody had closed the image, locks were left on it.
    Left {
        /// What the kernel's table said.
        actual: Vec<TableLock>,
    },
    /// No answer came.
    Silence {
        /// What became of it.
        why: String,
    },
}

impl ClaimDeparture {
    /// Whether the processes are to be used no more: something of the case is
    /// still in them.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, ClaimDeparture::Outcome { .. })
    }
}
