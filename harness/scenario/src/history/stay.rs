use serde::{Deserialize, Serialize};

use imglock_core::{Claim, Refusal};

/// One opening of an image by one opener, from the attempt to its end. Times
/// are nanoseconds of one clock that all openers share (CLOCK_MONOTONIC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Who, as an index into the openers of its history.
    pub opener: usize,
    /// What it claims.
    pub claim: Claim,
    /// Just before it opened the image.
    pub attempt_ns: u64,
    /// Just after it had the answer, and what that was; `None` when none came.
    pub answer: Option<(u64, OpenAnswer)>,
    /// How it let go again; `None` while it still holds. Of one that was
    /// refused: how it closed its descriptor, if that was after the answer.
    pub end: Option<OpeningEnd>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenAnswer {
    /// It has the image.
    Granted,
    /// It was refused, over this permission where that is known.
    Refused(Option<Refusal>),
}

/// How an opener lets go of an image that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpeningEnd {
    /// It closed the image: the moments just before and just after.
    Closed {
        /// Just before it called close(2).
        from_ns: u64,
        /// Just after.
        until_ns: u64,
    },
    /// It died: it surely held until the first moment and surely no longer at
    /// the second.
    Died {
        /// It was alive.
        from_ns: u64,
        /// It was dead.
        until_ns: u64,
    },
}
