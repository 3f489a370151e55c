use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Jitter, drawn};
use imglock_core::Backend;
use imglock_core::Claim;

/// A number of rounds that an opener is told to run by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat {
    /// The image.
    pub path: PathBuf,
    /// Which locks to take.
    pub backend: Backend,
    /// Whoever is told: a number below `openers`.
    pub opener: usize,
    /// How many take part.
    pub openers: usize,
    /// The number of the first round.
    pub first: u64,
    /// How many rounds.
    pub rounds: usize,
    /// What an opener may claim.
    pub claims: Vec<Claim>,
    /// Decides about claims and jitter.
    pub seed: u64,
    /// How long an opener waits for the others.
    pub patience: Duration,
}

impl Heat {
    /// What this opener claims in a round, and how it dawdles.
    pub fn part(&self, round: u64) -> (Claim, Jitter) {
        let drawn = drawn(self.seed, round, self.opener);
        let claim = self.claims.get(choice(drawn, self.claims.len()));
        (claim.copied().unwrap_or(Claim::NOTHING), Jitter::new(drawn))
    }

    /// Which of its claims an opener takes in a round.
    pub fn choice(seed: u64, round: u64, opener: usize, claims: usize) -> usize {
        choice(drawn(seed, round, opener), claims)
    }
}

fn choice(drawn: u64, claims: usize) -> usize {
    // The uppermost bits say how it dawdles.
    let number = (drawn & u64::from(u32::MAX)) % claims.max(1) as u64;
    usize::try_from(number).unwrap_or(0)
}
