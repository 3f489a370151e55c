use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Jitter, drawn};
use imglock_core::{Backend, Claim};

/// A batch of rounds that an opener runs without the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaceBatch {
    /// The image.
    pub path: PathBuf,
    /// The backend of the locks.
    pub backend: Backend,
    /// The number of the opener that gets this request, below `openers`.
    pub opener: usize,
    /// The number of openers that take part.
    pub openers: usize,
    /// The number of the first round.
    pub first: u64,
    /// The number of rounds.
    pub rounds: usize,
    /// The claims that an opener may draw.
    pub claims: Vec<Claim>,
    /// The random seed of claims and jitter.
    pub seed: u64,
    /// The most time that an opener waits for the others.
    pub patience: Duration,
}

impl RaceBatch {
    /// This opener's claim in a round, and its jitter.
    pub fn part(&self, round: u64) -> (Claim, Jitter) {
        let drawn = drawn(self.seed, round, self.opener);
        let claim = self.claims.get(choice(drawn, self.claims.len()));
        (claim.copied().unwrap_or(Claim::NOTHING), Jitter::new(drawn))
    }

    /// The index of an opener's claim in a round.
    pub fn choice(seed: u64, round: u64, opener: usize, claims: usize) -> usize {
        choice(drawn(seed, round, opener), claims)
    }
}

fn choice(drawn: u64, claims: usize) -> usize {
    // The uppermost bits decide about the jitter.
    let number = (drawn & u64::from(u32::MAX)) % claims.max(1) as u64;
    usize::try_from(number).unwrap_or(0)
}
