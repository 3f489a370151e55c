use serde::{Deserialize, Serialize};

use imglock_core::{Claim, Refusal};

/// One opening of an image by one opener, from the attempt to its end.
///
/// Times are in nanoseconds, of one clock that all openers share (CLOCK_MONOTONIC,
/// clock_gettime(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The opener, as an index into the openers of its history.
    pub opener: usize,
    /// The claim.
    pub claim: Claim,
    /// The time just before it opened the image.
    pub attempt_ns: u64,
    /// The time just after the answer, and the answer. `None` if there was no answer.
    pub answer: Option<(u64, OpenAnswer)>,
    /// The release of the image. `None` while it still holds the image. For a refused opener: the
    /// close of its descriptor, if it came after the answer.
    pub end: Option<OpeningEnd>,
}

impl Opening {
    /// Returns whether the history tells neither an answer nor a close: the opener died in its attempt,
    /// or the history ends there. It may have been granted the image.
    pub fn is_silent(&self) -> bool {
        self.answer.is_none() && !matches!(self.end, Some(OpeningEnd::Closed { .. }))
    }
}

/// The answer to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenAnswer {
    /// The opener has the image.
    Granted,
    /// The opener was refused, over this permission if it is known.
    Refused(Option<Refusal>),
}

/// The way in which an opener releases an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpeningEnd {
    /// It closed the image.
    Closed {
        /// The time just before it called close(2).
        from_ns: u64,
        /// The time just after close(2).
        until_ns: u64,
    },
    /// It died. It certainly held the image until the first time, and certainly no longer at the
    /// second.
    Died {
        /// The time when it was last known to be alive.
        from_ns: u64,
        /// The time when it was found to be dead.
        until_ns: u64,
    },
}
