use serde::Serialize;

use super::error::RaceError;
use imglock_core::Mode;
use imglock_scenario::{OpenAnswer, Opening};

/// What one opener did in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceTurn {
    /// The mode that was drawn for it.
    pub mode: Mode,
    /// From its attempt to its end.
    pub stay: Opening,
    /// What it saw while it had the image.
    pub proof: RaceProof,
    /// A call that failed although no holder was in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<str>>,
}

impl RaceTurn {
    /// Whether it had the image.
    pub fn is_granted(&self) -> bool {
        matches!(self.stay.answer, Some((_, OpenAnswer::Granted)))
    }

    /// Whether it was refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.stay.answer, Some((_, OpenAnswer::Refused(_))))
    }
}

/// What an opener saw while it had the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RaceProof {
    /// Openers that held what conflicts, just after it was granted: bit `i`
    /// for opener `i`.
    pub against_entering: u64,
    /// The same, just before it closed.
    pub against_leaving: u64,
    /// The image's counter as it found it, where it counted.
    pub counted_from: Option<u64>,
    /// The image's data changed although it lets nobody write.
    pub changed: bool,
}

impl RaceProof {
    /// Every opener it saw that holds what conflicts.
    pub fn against(&self) -> u64 {
        self.against_entering | self.against_leaving
    }
}

/// What came of a number of rounds.
#[derive(Debug)]
pub(super) struct Ran {
    /// Every opener's turn in the first round, in the second, and so on.
    pub turns: Vec<RaceTurn>,
    /// The image's counter afterwards, where somebody counts.
    pub counter: Option<u64>,
    /// It was stopped; these are the rounds before that.
    pub stopped: bool,
}

/// Who runs the rounds of a race.
pub(super) trait Racers {
    /// Runs so many rounds at most, from the race's round with this number.
    fn run(&mut self, first: u64, rounds: usize) -> Result<Ran, RaceError>;
}
