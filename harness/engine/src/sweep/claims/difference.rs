use serde::{Deserialize, Serialize};

use super::Arrangement;
use imglock_core::{Claim, Outcome, TableLock};

/// A case in which kernel and algebra disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDifference {
    /// Lock type and processes of the openers.
    #[serde(flatten)]
    pub arrangement: Arrangement,
    /// The claims of the holders, in the order of their opens.
    pub holders: Vec<Claim>,
    /// The claim that was tried; `None` if the difference appears only after
    /// all claims have been tried, one after the other.
    pub claim: Option<Claim>,
    /// The difference itself.
    #[serde(flatten)]
    pub departure: ClaimDeparture,
}

/// How the kernel differs from the algebra.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "departure")]
pub enum ClaimDeparture {
    /// The opener got another outcome.
    Outcome {
        /// The outcome that the algebra states.
        expected: Outcome,
        /// The outcome that the opener got.
        actual: Outcome,
    },
    /// After the opener had closed the image, the holders' locks were not
    /// exactly their own.
    Held {
        /// The locks of the holders.
        expected: Vec<TableLock>,
        /// The locks in the kernel's table.
        actual: Vec<TableLock>,
    },
    /// Locks remained on the image after every opener had closed it.
    Left {
        /// The locks in the kernel's table.
        actual: Vec<TableLock>,
    },
    /// A process gave no answer.
    Silence {
        /// What happened to the process.
        why: String,
    },
}

impl ClaimDeparture {
    /// Whether traces of the case remain in the processes, so that they must
    /// not be used again.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self, ClaimDeparture::Outcome { .. })
    }
}
