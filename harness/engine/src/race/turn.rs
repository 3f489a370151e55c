use serde::Serialize;

use super::error::RaceError;
use imglock_core::Mode;
use imglock_scenario::{OpenAnswer, Opening};

/// The turn of one opener in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceTurn {
    /// The mode that was drawn for it.
    pub mode: Mode,
    /// The opening, from the attempt to the close.
    pub stay: Opening,
    /// The evidence that it found while it held the image.
    pub proof: RaceProof,
    /// The error of a call that failed without a conflicting holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<str>>,
}

impl RaceTurn {
    /// Whether the opener was granted the image.
    pub fn is_granted(&self) -> bool {
        matches!(self.stay.answer, Some((_, OpenAnswer::Granted)))
    }

    /// Whether the opener was refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.stay.answer, Some((_, OpenAnswer::Refused(_))))
    }
}

/// The evidence that an opener found while it held the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RaceProof {
    /// Openers with conflicting claims just after the grant: bit `i` for opener
    /// `i`.
    pub against_entering: u64,
    /// The same just before the close.
    pub against_leaving: u64,
    /// The image's counter that it found; `None` if it did not count.
    pub counted_from: Option<u64>,
    /// Whether the image's data changed although the opener does not share
    /// `write`.
    pub changed: bool,
}

impl RaceProof {
    /// Every opener that it saw with a conflicting claim.
    pub fn against(&self) -> u64 {
        self.against_entering | self.against_leaving
    }
}

/// The result of a number of rounds.
#[derive(Debug)]
pub(super) struct Ran {
    /// The turns of all openers in the first round, then in the second, and so
    /// on.
    pub turns: Vec<RaceTurn>,
    /// The image's counter after the rounds, if any opener counts.
    pub counter: Option<u64>,
    /// Whether the race was stopped; the rounds before the stop are here.
    pub stopped: bool,
}

/// The openers of a race.
pub(super) trait Racers {
    /// Runs at most `rounds` rounds, from the race's round number `first`.
    fn run(&mut self, first: u64, rounds: usize) -> Result<Ran, RaceError>;
}
