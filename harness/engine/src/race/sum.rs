use std::time::Duration;

use serde::Serialize;
use strum::{Display, IntoStaticStr};

use super::plan::{RaceLeftOut, RacePlan};
use super::turn::RaceTurn;
use crate::run::{Environment, SessionOptions};
use imglock_core::{Backend, Hazard, Mode};
use imglock_scenario::HistoryMatter;

/// The results of a race, complete or so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaceSum {
    /// The environment of the race.
    pub environment: Environment,
    /// Lock type.
    pub backend: Backend,
    /// The subject that played the openers.
    pub subject: String,
    /// The number of openers.
    pub openers: usize,
    /// The number of openers, the last ones, that shared one process.
    pub sharing: usize,
    /// Random seed for modes and delays.
    pub seed: u64,
    /// The modes that were drawn from.
    pub modes: Vec<Mode>,
    /// Requested modes that the subject cannot play.
    pub left_out: Vec<RaceLeftOut>,
    /// The planned number of rounds, if it was limited.
    pub planned: Option<u64>,
    /// The number of rounds.
    pub rounds: u64,
    /// The duration, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether the race ended as planned.
    pub complete: bool,
    /// Rounds per second, judging included.
    pub rounds_per_second: f64,
    /// The number of rounds in which 0, 1, 2, ... openers were granted.
    pub winners: Vec<u64>,
    /// Rounds with at least one refusal.
    pub contested: u64,
    /// Rounds in which every opener was refused.
    pub nobody_won: u64,
    /// Refused openings.
    pub refusals: u64,
    /// Increments of the image's counter.
    pub counts: u64,
    /// Increments that the image does not show.
    pub lost_updates: u64,
    /// Openings that possibly contradict the contract: their time stamps are
    /// too close together to tell.
    pub unclear: u64,
    /// Breaches of the contract.
    pub breaches: Vec<RaceTally<Breach>>,
    /// Known hazards: they are expected with these locks.
    pub hazards: Vec<RaceTally<Hazard>>,
}

/// A breach of the contract in a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[derive(Display, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Breach {
    /// Two openers with conflicting claims held the image at the same time.
    TwoHolders,
    /// An opener was refused without a conflicting holder.
    UnjustifiedRefusal,
    /// An opener was granted the image and never released it.
    NeverReleased,
    /// The image lost a count of an opener that does not share `write`.
    LostUpdate,
    /// The image changed under an opener that does not share `write`.
    ChangedData,
    /// A call failed without a conflicting lock.
    FailedCall,
}

impl Breach {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that explains the breach.
    pub fn meaning(self) -> &'static str {
        match self {
            Breach::TwoHolders => "two conflicting openers held the image at the same time",
            Breach::UnjustifiedRefusal => "an opener was refused without a conflicting holder",
            Breach::NeverReleased => "an opener was granted the image and never released it",
            Breach::LostUpdate => "the image lost a count of an opener that does not share `write`",
            Breach::ChangedData => "the image changed under an opener that does not share `write`",
            Breach::FailedCall => "an opener got an error that is not a refusal",
        }
    }
}

/// The number of rounds with a breach or hazard, and the first of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaceTally<Kind> {
    /// The breach or hazard.
    pub kind: Kind,
    /// The number of rounds in which it occurred.
    pub rounds: u64,
    /// The evidence for it.
    pub seen: Sightings,
    /// The first round.
    pub first: RaceEvidence,
}

/// The number of rounds in which each source of evidence showed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sightings {
    /// The openers' claims in shared memory.
    pub claims: u64,
    /// The data of the image.
    pub data: u64,
    /// The time stamps.
    pub history: u64,
}

/// A round with a breach or hazard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceEvidence {
    /// The round's number, from 0.
    pub round: u64,
    /// The finding of the history judge, if there is one.
    pub matter: Option<HistoryMatter>,
    /// Further details in words.
    pub words: Option<String>,
    /// The turns of all openers in the round.
    pub turns: Vec<RaceTurn>,
}

impl RaceSum {
    pub(super) fn new(plan: &RacePlan, options: &SessionOptions) -> RaceSum {
        RaceSum {
            environment: Environment {
                planted: options.fault,
                qemu: plan.casting.programs().collect(),
                ..Environment::at(&options.directory)
            },
            backend: plan.backend,
            subject: plan.casting.to_string(),
            openers: plan.openers,
            sharing: plan.sharing,
            seed: plan.seed,
            modes: plan.modes.clone(),
            left_out: Vec::new(),
            planned: plan.rounds,
            rounds: 0,
            elapsed_ms: 0,
            complete: false,
            rounds_per_second: 0.0,
            winners: vec![0; plan.openers + 1],
            contested: 0,
            nobody_won: 0,
            refusals: 0,
            counts: 0,
            lost_updates: 0,
            unclear: 0,
            breaches: Vec::new(),
            hazards: Vec::new(),
        }
    }

    /// Whether the contract held. Known hazards do not count as breaches.
    pub fn holds(&self) -> bool {
        self.breaches.is_empty()
    }

    pub(super) fn clocked(&mut self, elapsed: Duration) {
        self.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.rounds_per_second = self.rounds as f64 / elapsed.as_secs_f64().max(1e-9);
    }
}

impl Sightings {
    fn add(&mut self, other: Sightings) {
        self.claims += other.claims;
        self.data += other.data;
        self.history += other.history;
    }
}

/// Counts one more round of `kind`. `first` makes the evidence if this is the
/// first round.
pub(super) fn count<Kind: Copy + Ord>(
    tallies: &mut Vec<RaceTally<Kind>>,
    kind: Kind,
    seen: Sightings,
    first: impl FnOnce() -> RaceEvidence,
) {
    match tallies.iter_mut().find(|tally| tally.kind == kind) {
        Some(tally) => {
            tally.rounds += 1;
            tally.seen.add(seen);
        }
        None => {
            tallies.push(RaceTally { kind, rounds: 1, seen, first: first() });
            tallies.sort_by_key(|tally| tally.kind);
        }
    }
}
