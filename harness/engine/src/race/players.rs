use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::RaceError;
use super::plan::{IMAGE, PACE, RacePlan};
use super::turn::{RaceProof, RaceTurn, Racers, Ran};
use crate::process::{Launcher, NodeHandle, ProcessError, StopToken, monotonic};
use crate::run::{HarnessError, SessionOptions};
use crate::subject::{Deed, OpenNode, Performed, Player, Stage, StepFailure};
use imglock_core::{Action, Backend, OpenOptions, Outcome, Permissions};
use imglock_scenario::{OpenAnswer, Opening, OpeningEnd};

/// The size of an image. QEMU requires whole sectors, and does not open an
/// empty image.
const IMAGE_BYTES: u64 = 1024 * 1024;

/// The digits of the image's counter.
const DIGITS: usize = 12;

/// Openers of other subjects, which receive each action as a request.
///
/// In a round, all openers start to open before the first wait. Granted openers
/// read and write the counter if their subject can do that. Then all close.
pub(super) struct Players {
    plan: RacePlan,
    /// Ends all players on drop.
    _launcher: Launcher,
    players: Vec<Box<dyn Player>>,
    directory: PathBuf,
    timeout: Duration,
    stop: StopToken,
    /// Whether every subject can read and write on request.
    counts: bool,
}

/// The node of an opener, while it is open.
struct Node {
    options: OpenOptions,
    handle: NodeHandle,
}

impl Players {
    /// Starts the players and creates the image.
    pub(super) fn start(plan: &RacePlan, options: &SessionOptions) -> Result<Players, RaceError> {
        options.require(&[plan.backend])?;
        let mut launcher = Launcher::start(&options.launcher())?;
        let directory = launcher.begin()?;
        let made = File::create_new(directory.join(IMAGE)).and_then(|image| {
            image.set_len(IMAGE_BYTES)?;
            std::os::unix::fs::FileExt::write_all_at(&image, digits(0).as_bytes(), 0)
        });
        made.map_err(|source| HarnessError::Directory {
            directory: options.directory.clone(),
            source,
        })?;
        let (timeout, stop) = (options.step_timeout, options.stop.clone());
        let counts = [read(), write(0)].iter().all(|action| {
            plan.casting.subjects().all(|subject| subject.can(action, plan.backend).is_ok())
        });
        let mut players = Vec::with_capacity(plan.openers);
        let backend = plan.backend;
        let stage = Stage { directory: &directory, backend, step_timeout: timeout, stop: &stop };
        for index in 0..plan.openers {
            let name = [format!("opener-{}", index + 1)];
            let started = plan.casting.of(index).start(&mut launcher, &name, &stage);
            players.extend(started.map_err(|failure| ended(index, failure))?);
        }
        let plan = plan.clone();
        Ok(Players { plan, _launcher: launcher, players, directory, timeout, stop, counts })
    }

    fn round(&mut self, round: u64) -> Result<Vec<RaceTurn>, RaceError> {
        let openers = self.players.len();
        let options: Vec<OpenOptions> = (0..openers)
            .map(|opener| OpenOptions::new(IMAGE, self.plan.mode(round, opener).into()))
            .collect();
        let mut attempts = Vec::with_capacity(openers);
        let opens: Vec<Action> = options.iter().cloned().map(open).collect();
        for (opener, action) in opens.iter().enumerate() {
            attempts.push(now_ns());
            self.begin(opener, action, None)?;
        }
        let mut turns = Vec::with_capacity(openers);
        let mut nodes: Vec<Option<Node>> = Vec::with_capacity(openers);
        for (opener, options) in options.into_iter().enumerate() {
            let performed = self.finish(opener)?;
            let mode = self.plan.mode(round, opener);
            let (answer, failure) = answer(&performed.outcome);
            let stay = Opening {
                opener,
                claim: mode.claim(),
                attempt_ns: attempts[opener],
                answer: Some((now_ns(), answer)),
                end: None,
            };
            turns.push(RaceTurn { mode, stay, proof: RaceProof::default(), failure });
            nodes.push(performed.handle.map(|handle| Node { options, handle }));
        }
        if self.counts {
            self.count(&nodes, &mut turns)?;
        }
        self.close(&nodes, &mut turns)?;
        Ok(turns)
    }

    /// Counts for every opener that writes and does not share `write`: all of
    /// them read before any of them writes.
    fn count(&mut self, nodes: &[Option<Node>], turns: &mut [RaceTurn]) -> Result<(), RaceError> {
        let counts = |turn: &RaceTurn| {
            let claim = turn.stay.claim;
            let writes = claim.held.contains(Permissions::WRITE);
            turn.is_granted() && writes && !claim.shared.contains(Permissions::WRITE)
        };
        let who: Vec<usize> = (0..turns.len()).filter(|opener| counts(&turns[*opener])).collect();
        for opener in &who {
            self.begin(*opener, &read(), nodes[*opener].as_ref())?;
        }
        for opener in &who {
            let found = match self.finish(*opener)?.outcome {
                Outcome::Data(text) => text.parse().ok(),
                _ => None,
            };
            turns[*opener].proof.counted_from = found;
            turns[*opener].proof.changed |= found.is_none();
        }
        for opener in &who {
            let next = turns[*opener].proof.counted_from.map_or(0, |found| found + 1);
            self.begin(*opener, &write(next), nodes[*opener].as_ref())?;
        }
        for opener in &who {
            self.finish(*opener)?;
        }
        Ok(())
    }

    fn close(&mut self, nodes: &[Option<Node>], turns: &mut [RaceTurn]) -> Result<(), RaceError> {
        let close = Action::Close { node: IMAGE.to_owned() };
        let open: Vec<usize> = (0..nodes.len()).filter(|opener| nodes[*opener].is_some()).collect();
        let mut from = vec![0; nodes.len()];
        for opener in &open {
            from[*opener] = now_ns();
            self.begin(*opener, &close, nodes[*opener].as_ref())?;
        }
        for opener in open {
            let performed = self.finish(opener)?;
            let (from_ns, until_ns) = (from[opener], now_ns());
            turns[opener].stay.end = Some(OpeningEnd::Closed { from_ns, until_ns });
            if performed.outcome != Outcome::Done {
                turns[opener].failure = Some(performed.outcome.to_string().into_boxed_str());
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        opener: usize,
        action: &Action,
        node: Option<&Node>,
    ) -> Result<(), RaceError> {
        let Players { plan, players, directory, timeout, stop, .. } = self;
        let backend = plan.backend;
        let stage = Stage { directory, backend, step_timeout: *timeout, stop };
        let node = node.map(|Node { options, handle }| {
            let claim = options.mode.claim();
            OpenNode { options, claim, active: true, handle }
        });
        let deed = Deed { action, node, locks: Some(backend), bytes: backend };
        players[opener].begin(&deed, &stage).map_err(|failure| ended(opener, failure))
    }

    fn finish(&mut self, opener: usize) -> Result<Performed, RaceError> {
        let Players { plan, players, directory, timeout, stop, .. } = self;
        let backend: Backend = plan.backend;
        let stage = Stage { directory, backend, step_timeout: *timeout, stop };
        players[opener].finish(&stage).map_err(|failure| ended(opener, failure))
    }

    fn counter(&self) -> Result<Option<u64>, RaceError> {
        if !self.counts {
            return Ok(None);
        }
        let mut bytes = [0; DIGITS];
        let read = File::open(self.directory.join(IMAGE))
            .and_then(|image| std::os::unix::fs::FileExt::read_exact_at(&image, &mut bytes, 0));
        read.map_err(RaceError::System)?;
        Ok(std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok()))
    }
}

impl Racers for Players {
    fn run(&mut self, first: u64, rounds: usize) -> Result<Ran, RaceError> {
        let mut turns = Vec::new();
        let began = Instant::now();
        let mut stopped = false;
        for index in 0..rounds as u64 {
            match self.round(first + index) {
                Ok(round) => turns.extend(round),
                Err(RaceError::Harness(HarnessError::Process(ProcessError::Stopped)))
                    if index > 0 =>
                {
                    stopped = true;
                    break;
                }
                Err(error) => return Err(error),
            }
            if began.elapsed() > PACE {
                break;
            }
        }
        let counter = if stopped { None } else { self.counter()? };
        Ok(Ran { turns, counter, stopped })
    }
}

fn open(options: OpenOptions) -> Action {
    Action::Open { node: IMAGE.to_owned(), options }
}

fn read() -> Action {
    Action::Read { node: IMAGE.to_owned(), at: 0, len: DIGITS as u64 }
}

fn write(number: u64) -> Action {
    Action::Write { node: IMAGE.to_owned(), at: 0, data: digits(number) }
}

fn digits(number: u64) -> String {
    format!("{number:0DIGITS$}")
}

fn answer(outcome: &Outcome) -> (OpenAnswer, Option<Box<str>>) {
    match outcome {
        Outcome::Granted => (OpenAnswer::Granted, None),
        Outcome::Refused(refusal) => (OpenAnswer::Refused(Some(*refusal)), None),
        Outcome::LockByte { error, .. } if *error == imglock_core::Errno::EAGAIN => {
            (OpenAnswer::Refused(None), None)
        }
        other => (OpenAnswer::Refused(None), Some(other.to_string().into_boxed_str())),
    }
}

fn ended(opener: usize, failure: StepFailure) -> RaceError {
    match failure {
        StepFailure::Stopped => ProcessError::Stopped.into(),
        StepFailure::Process(error) => error.into(),
        other => RaceError::Opener(format!("opener {}: {other}", opener + 1)),
    }
}

fn now_ns() -> u64 {
    u64::try_from(monotonic().as_nanos()).unwrap_or(u64::MAX)
}
