use serde::Serialize;

use imglock_core::{Claim, Refusal};

/// One event of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HistoryEvent {
    /// The time of the event, in nanoseconds.
    pub at_ns: u64,
    /// The opener, as an index into the openers of its history.
    pub opener: usize,
    /// The kind of event.
    pub kind: HistoryEventKind,
    /// Its role in a finding.
    pub role: OpenerRole,
}

/// The role of an event in a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenerRole {
    /// The event is part of the proof.
    Proof,
    /// The event is part of the proof, and the contradiction shows here.
    Point,
    /// The event is part of the proof. The locks of another opener may have been dropped with it.
    Loss,
    /// The event is not part of the proof, but helps to understand it.
    Context,
    /// The opener may have the image from here on: no answer and no close follow.
    Suspect,
    /// At this event, an opener that would have conflicted released the image, too early to be the
    /// cause of the refusal.
    Gone {
        /// The time between this event and the refused attempt, in nanoseconds.
        apart_ns: u64,
    },
    /// At this event, an opener that would have conflicted opened the image, too late to be the
    /// cause of the refusal.
    Came {
        /// The time between the refusal and this event, in nanoseconds.
        apart_ns: u64,
    },
}

impl HistoryEvent {
    /// Returns whether the event is part of the proof.
    pub fn is_proof(&self) -> bool {
        matches!(self.role, OpenerRole::Proof | OpenerRole::Point | OpenerRole::Loss)
    }
}

impl HistoryEventKind {
    /// The word in histories.
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

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryEventKind {
    /// The opener is about to open the image with this claim.
    Open(Claim),
    /// The opener has the image.
    Granted,
    /// The opener was refused, over this permission if it is known.
    Refused(Option<Refusal>),
    /// The opener is about to close the image.
    Close,
    /// The opener has closed the image.
    Closed,
    /// The opener was found to be alive.
    Alive,
    /// The opener was found to be dead.
    Died,
}
