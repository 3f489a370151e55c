use serde::Serialize;

use crate::image::{Claim, Refusal};

/// One line of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at_ns: u64,
    /// Who, as an index into the openers of its history.
    pub opener: usize,
    /// What.
    pub kind: EventKind,
    /// Whether it is a part of the proof, or helps to understand it.
    pub telling: bool,
}

/// What an opener can have noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
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
