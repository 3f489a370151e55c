use serde::Serialize;

use imglock_core::{Claim, Refusal};

/// One line of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HistoryEvent {
    /// When.
    pub at_ns: u64,
    /// Who, as an index into the openers of its history.
    pub opener: usize,
    /// What.
    pub kind: HistoryEventKind,
    /// What it is there for.
    pub role: OpenerRole,
}

/// What an event does for a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenerRole {
    /// It is a part of the proof.
    Proof,
    /// It is the part of the proof at which it shows.
    Point,
    /// It is the part of the proof with which the locks of another opener may
    /// have gone.
    Loss,
    /// It helps to understand the others.
    Context,
    /// With it an opener had gone that would have offended, so long before.
    Gone {
        /// How long.
        apart_ns: u64,
    },
    /// With it an opener came that would have offended, so long after.
    Came {
        /// How long.
        apart_ns: u64,
    },
}

impl HistoryEvent {
    /// Whether it is a part of the proof.
    pub fn is_proof(&self) -> bool {
        matches!(self.role, OpenerRole::Proof | OpenerRole::Point | OpenerRole::Loss)
    }
}

impl HistoryEventKind {
    /// The word that histories use.
    pub fn name(self) -> &'static str {
        match self {
            HistoryEventKind::Open(_) => "open",
            HistoryEventKind::Granted => "granted",
            HistoryEventKind::Refused(_) => "refused",
            HistoryEventKind::Close => "close",
            HistoryEventKind::Closed => "closed",
            HistoryEventKind::Alive => "alive",
            HistoryEventKind::Died => "died",
        }
    }
}

/// What an opener can have noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryEventKind {
    /// It is about to open the image with this claim.
    Open(Claim),
    /// It has the image.
    Granted,
    /// It was refused.
    Refused(Option<Refusal>),
    /// It is about to close the image.
    Close,
    /// It has closed it.
    Closed,
    /// It was seen alive.
    Alive,
    /// It was seen dead.
    Died,
}
