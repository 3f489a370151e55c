use std::time::Duration;

use serde::Serialize;

use crate::arena::{MOST_OPENERS, RaceBatch};
use crate::run::Casting;
use crate::subject::Builtin;
use imglock_core::{Action, Backend, Mode, OpenOptions};
use imglock_scenario::HistoryOpener;

/// The name of the image, and of the node in each opener.
pub(super) const IMAGE: &str = "disk";

/// Target duration of a batch: short enough for a regular progress report.
pub(super) const PACE: Duration = Duration::from_millis(200);

/// The plan of a race.
#[derive(Debug, Clone)]
pub struct RacePlan {
    /// Lock type.
    pub backend: Backend,
    /// The subject that plays the openers.
    pub casting: Casting,
    /// The number of openers.
    pub openers: usize,
    /// The number of openers, the last ones, that share one descriptor table
    /// and so ownership of POSIX locks; 0 for none. Only builtin workers
    /// support this.
    pub sharing: usize,
    /// The number of rounds; `None` if only the time is limited.
    pub rounds: Option<u64>,
    /// The time limit.
    pub time: Option<Duration>,
    /// The modes to draw from, each with the same probability.
    pub modes: Vec<Mode>,
    /// Random seed for modes and delays. It does not determine the scheduler's
    /// decisions.
    pub seed: u64,
    /// Whether to end the race with the batch in which the contract is first
    /// broken.
    pub first_breach: bool,
}

/// A mode that the race leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RaceLeftOut {
    /// The mode.
    pub mode: Mode,
    /// The reason.
    pub why: String,
}

impl RacePlan {
    /// Four builtin workers, the last two in one process, in all modes, for ten
    /// thousand rounds.
    pub fn new(backend: Backend) -> RacePlan {
        RacePlan {
            backend,
            casting: Casting::default(),
            openers: 4,
            sharing: 2,
            rounds: Some(10_000),
            time: None,
            modes: Mode::ALL.to_vec(),
            seed: 0,
            first_breach: false,
        }
    }

    /// The mode of an opener in a round.
    pub fn mode(&self, round: u64, opener: usize) -> Mode {
        let choice = RaceBatch::choice(self.seed, round, opener, self.modes.len());
        self.modes.get(choice).copied().unwrap_or(Mode::None)
    }

    /// Whether these two openers share a process.
    pub fn share(&self, one: usize, other: usize) -> bool {
        let first = self.openers - self.sharing.min(self.openers);
        self.sharing > 1 && one >= first && other >= first
    }

    /// Whether all openers are builtin workers.
    pub fn is_played_by_workers(&self) -> bool {
        self.casting.to_string() == Builtin::NAME
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Self { openers, sharing, .. } = self;
        if !(2..=MOST_OPENERS).contains(openers) {
            return Err(format!("a race needs 2 to {MOST_OPENERS} openers, not {openers}"));
        }
        if *sharing == 1 || sharing > openers {
            return Err(format!(
                "of {openers} openers, {sharing} cannot share one process: say 0 for none, or 2 \
                 to {openers}"
            ));
        }
        if *sharing > 0 && !self.is_played_by_workers() {
            return Err(format!("only {} openers can share a process", Builtin::NAME));
        }
        if self.modes.is_empty() {
            return Err("a race needs at least one mode".to_owned());
        }
        if self.rounds.is_none() && self.time.is_none() {
            return Err("a race needs a number of rounds, or a time limit".to_owned());
        }
        Ok(())
    }

    /// The modes that every subject can play, and the others with the reason.
    pub(super) fn playable(&self) -> Result<(Vec<Mode>, Vec<RaceLeftOut>), String> {
        let mut modes = Vec::new();
        let mut left_out = Vec::new();
        for mode in &self.modes {
            let options = OpenOptions::new(IMAGE, (*mode).into());
            let open = Action::Open { node: IMAGE.to_owned(), options };
            let close = Action::Close { node: IMAGE.to_owned() };
            let cannot = [open, close].iter().find_map(|action| self.inability(action));
            match cannot {
                Some(why) => left_out.push(RaceLeftOut { mode: *mode, why }),
                None => modes.push(*mode),
            }
        }
        match left_out.first() {
            Some(first) if modes.is_empty() => {
                Err(format!("no mode of this race can be played: {}", first.why))
            }
            _ => Ok((modes, left_out)),
        }
    }

    fn inability(&self, action: &Action) -> Option<String> {
        self.casting.subjects().find_map(|subject| {
            let why = subject.can(action, self.backend).err()?;
            Some(format!("{} {why}", subject.name()))
        })
    }

    /// The openers as a history has them.
    pub(super) fn openers_by_process(&self) -> Vec<HistoryOpener> {
        let process = |index: usize| {
            let first = (0..index).find(|other| self.share(index, *other));
            format!("process {}", first.unwrap_or(index) + 1)
        };
        let opener = |index| HistoryOpener {
            name: format!("opener {}", index + 1),
            process: process(index),
        };
        (0..self.openers).map(opener).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_openers_are_one_process() {
        let plan = RacePlan::new(Backend::Posix);
        let processes: Vec<String> =
            plan.openers_by_process().into_iter().map(|opener| opener.process).collect();
        assert_eq!(processes, ["process 1", "process 2", "process 3", "process 3"]);
        assert!(plan.share(2, 3) && !plan.share(1, 2));
        let alone = RacePlan { sharing: 0, ..plan };
        assert!(!alone.share(2, 3));
    }

    #[rstest::rstest]
    #[case(RacePlan { openers: 1, sharing: 0, ..RacePlan::new(Backend::Ofd) }, "2 to 64")]
    #[case(RacePlan { openers: 65, ..RacePlan::new(Backend::Ofd) }, "2 to 64")]
    #[case(RacePlan { sharing: 1, ..RacePlan::new(Backend::Ofd) }, "say 0 for none")]
    #[case(RacePlan { sharing: 5, ..RacePlan::new(Backend::Ofd) }, "2 to 4")]
    #[case(RacePlan { modes: vec![], ..RacePlan::new(Backend::Ofd) }, "one mode")]
    #[case(RacePlan { rounds: None, ..RacePlan::new(Backend::Ofd) }, "or a time")]
    fn a_plan_that_is_none_says_what_to_do(#[case] plan: RacePlan, #[case] words: &str) {
        let why = plan.check().expect_err("it is none");
        assert!(why.contains(words), "{why}");
    }

    #[test]
    fn a_seed_repeats_the_modes() {
        let drawn = |seed| {
            let plan = RacePlan { seed, ..RacePlan::new(Backend::Ofd) };
            (0..50).flat_map(|round| [plan.mode(round, 0), plan.mode(round, 3)]).collect::<Vec<_>>()
        };
        assert_eq!(drawn(5), drawn(5));
        assert_ne!(drawn(5), drawn(6));
    }
}
