use std::time::Duration;

use serde::Serialize;
use strum::{Display, IntoStaticStr};

use super::plan::RacePlan;
use super::turn::RaceTurn;
use crate::run::{Environment, SessionOptions};
use imglock_core::Backend;
use imglock_core::Hazard;
use imglock_core::Mode;
use imglock_scenario::HistoryMatter;

/// What a race came to, or came to so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaceSum {
    /// Where.
    pub environment: Environment,
    /// On which locks.
    pub backend: Backend,
    /// Who played.
    pub subject: String,
    /// How many openers there were.
    pub openers: usize,
    /// How many of them, the last ones, were one process.
    pub sharing: usize,
    /// What decided about modes and jitter.
    pub seed: u64,
    /// What was drawn from.
    pub modes: Vec<Mode>,
    /// What was asked for and cannot be played.
    pub left_out: Vec<RaceLeftOut>,
    /// How many rounds there were to be, where there was such a limit.
    pub planned: Option<u64>,
    /// How many there were.
    pub rounds: u64,
    /// How long they took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether it ended as planned.
    pub complete: bool,
    /// How fast it was, judging included.
    pub rounds_per_second: f64,
    /// In how many rounds nobody, one, two and so on were granted.
    pub winners: Vec<u64>,
    /// Rounds in which somebody was refused.
    pub contested: u64,
    /// Rounds in which everybody was refused.
    pub nobody_won: u64,
    /// Openings that were refused.
    pub refusals: u64,
    /// How often the image's counter was raised.
    pub counts: u64,
    /// How many of these it does not show.
    pub lost_updates: u64,
    /// Openings that may contradict the contract: their time stamps are too
    /// close together.
    pub unclear: u64,
    /// How the contract was broken.
    pub breaches: Vec<RaceTally<Breach>>,
    /// Known ways in which it was broken: no fault of anybody here.
    pub hazards: Vec<RaceTally<Hazard>>,
}

/// A mode that is not raced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceLeftOut {
    /// Which.
    pub mode: Mode,
    /// Why not.
    pub why: String,
}

/// How the contract can be broken in a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[derive(Display, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Breach {
    /// Two had the image at the same time whose claims conflict.
    TwoHolders,
    /// Somebody was refused although nobody was in the way.
    UnjustifiedRefusal,
    /// Somebody was granted the image and never let go.
    NeverReleased,
    /// A count of one who writes alone is gone from the image.
    LostUpdate,
    /// The image changed under one who lets nobody write.
    ChangedData,
    /// A call failed although nobody was in the way.
    FailedCall,
}

impl Breach {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence for a reader who meets the word for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Breach::TwoHolders => "two openers had the image at the same time that conflict",
            Breach::UnjustifiedRefusal => "an opener was refused, and nobody was in its way",
            Breach::NeverReleased => "an opener was granted the image and never let go of it",
            Breach::LostUpdate => "the image lost a count of an opener that lets nobody else write",
            Breach::ChangedData => "the image changed under an opener that lets nobody write",
            Breach::FailedCall => "an opener met an error that is no refusal",
        }
    }
}

/// How often something was found, and the first time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaceTally<Kind> {
    /// What.
    pub kind: Kind,
    /// In how many rounds.
    pub rounds: u64,
    /// Who told of it.
    pub seen: Sightings,
    /// The first time.
    pub first: RaceEvidence,
}

/// In how many rounds each witness told of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sightings {
    /// The openers' claims in shared memory.
    pub claims: u64,
    /// The image's own data.
    pub data: u64,
    /// The time stamps.
    pub history: u64,
}

/// A round in which something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceEvidence {
    /// Its number, from 0.
    pub round: u64,
    /// What the history shows, as far as it does.
    pub matter: Option<HistoryMatter>,
    /// What else there is to say.
    pub words: Option<String>,
    /// Everything that was done in it.
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

    /// Whether the contract held, known hazards aside.
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

/// Counts one more round of a kind; `first` is asked for the first one's
/// evidence.
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
