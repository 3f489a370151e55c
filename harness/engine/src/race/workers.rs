use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::error::RaceError;
use super::plan::{IMAGE, RacePlan};
use super::turn::{RaceProof, RaceTurn, Racers, Ran};
use crate::arena::{Answered, Arena, Ledger, RaceBatch, RaceEntry};
use crate::process::{
    Channel, Launcher, ProcessError, ProcessHandle, ReceiveError, Reply, Request, StopToken,
    StopTrigger, Worker, await_any, describe,
};
use crate::run::{HarnessError, SessionOptions};
use imglock_core::Outcome;
use imglock_scenario::{OpenAnswer, Opening, OpeningEnd};

/// The maximum number of turns in a batch. Each takes 80 bytes, twice.
const MOST_TURNS: usize = 32_768;

/// The size of an image: one sector.
const IMAGE_BYTES: u64 = 512;

/// Builtin workers, which run the rounds without the command.
#[derive(Debug)]
pub(super) struct Workers {
    plan: RacePlan,
    /// Ends all workers on drop.
    launcher: Launcher,
    workers: Vec<Worker>,
    /// Process handles, which report the death of a worker. Workers that share
    /// a descriptor table have each other's sockets open, so the end of one
    /// worker does not close its socket.
    handles: Vec<ProcessHandle>,
    arena: Arena,
    memory: OwnedFd,
    path: PathBuf,
    image: File,
    patience: Duration,
    stop: StopToken,
    /// A stop token that never triggers, for the wait after a stop.
    never: (StopTrigger, StopToken),
}

impl Workers {
    /// Starts the workers and creates the image.
    pub(super) fn start(plan: &RacePlan, options: &SessionOptions) -> Result<Workers, RaceError> {
        options.require(&[plan.backend])?;
        let mut launcher = Launcher::start(&options.launcher())?;
        let directory = launcher.begin()?;
        let path = directory.join(IMAGE);
        let image = File::create_new(&path).and_then(|image| {
            image.set_len(IMAGE_BYTES)?;
            File::open(&path)
        });
        let image = image.map_err(|source| HarnessError::Directory {
            directory: options.directory.clone(),
            source,
        })?;
        let (arena, memory) = Arena::create(plan.openers, MOST_TURNS / plan.openers)
            .map_err(|errno| RaceError::System(errno.into()))?;
        let mut racers = Workers {
            plan: plan.clone(),
            launcher,
            workers: Vec::with_capacity(plan.openers),
            handles: Vec::with_capacity(plan.openers),
            arena,
            memory,
            path,
            image,
            patience: options.step_timeout,
            stop: options.stop.clone(),
            never: StopToken::pair().map_err(RaceError::System)?,
        };
        racers.populate()?;
        Ok(racers)
    }

    fn populate(&mut self) -> Result<(), RaceError> {
        let threads = self.plan.sharing.saturating_sub(1);
        let name = |index: usize| format!("opener-{}", index + 1);
        let names: Vec<String> = (0..self.plan.openers - threads).map(name).collect();
        self.workers = self.launcher.spawn(&names)?;
        for index in names.len()..self.plan.openers {
            // Each worker shares the descriptor table of the one before it.
            let request = Request::Thread { name: name(index) };
            let Some(parent) = self.workers.last_mut() else { break };
            let deadline = Instant::now() + self.patience;
            let asked = parent.ask_for_descriptor(&request, deadline, &self.stop);
            let (reply, socket) = asked.map_err(|error| self.lost(index, &error))?;
            match (reply.pid, socket) {
                (Some(pid), Some(socket)) => {
                    self.workers.push(Worker { pid, channel: Channel::new(socket) });
                }
                _ => {
                    let why = format!("opener {} cannot be started: {}", index + 1, reply.outcome);
                    return Err(RaceError::Opener(why));
                }
            }
        }
        for worker in &self.workers {
            let handle = ProcessHandle::open(worker.pid);
            let handle = handle.map_err(RaceError::System)?;
            self.handles.push(handle);
        }
        Ok(())
    }

    /// Starts a batch in all openers and waits until all have answered.
    fn run_batch(&mut self, first: u64, rounds: usize) -> Result<bool, RaceError> {
        let claims: Vec<_> = self.plan.modes.iter().map(|mode| mode.claim()).collect();
        for opener in 0..self.workers.len() {
            let batch = RaceBatch {
                path: self.path.clone(),
                backend: self.plan.backend,
                opener,
                openers: self.plan.openers,
                first,
                rounds,
                claims: claims.clone(),
                seed: self.plan.seed,
                patience: self.patience,
            };
            let channel = &mut self.workers[opener].channel;
            let sent = channel.send_with(&Request::Race(batch), &[self.memory.as_fd()]);
            if let Err(error) = sent {
                self.arena.barrier().abandon();
                return Err(self.lost(opener, &error));
            }
        }
        self.gather()
    }

    /// Waits for the answers. Returns whether the race was stopped meanwhile.
    fn gather(&mut self) -> Result<bool, RaceError> {
        let mut waiting: Vec<usize> = (0..self.workers.len()).collect();
        let mut stopped = false;
        while !waiting.is_empty() {
            let generation = self.arena.barrier().generation();
            let stop = if stopped { &self.never.1 } else { &self.stop };
            let sockets = waiting.iter().map(|opener| self.workers[*opener].channel.as_fd());
            let deaths = waiting.iter().map(|opener| self.handles[*opener].as_fd());
            let watched: Vec<_> = sockets.chain(deaths).collect();
            // Longer than any opener waits at the barrier.
            let deadline = Instant::now() + self.patience + self.patience / 2;
            match await_any(&watched, deadline, stop) {
                Ok(ready) if ready < waiting.len() => {
                    let opener = waiting.remove(ready);
                    let reply = self.workers[opener].channel.receive();
                    self.ended(opener, reply)?;
                }
                Ok(ready) => {
                    let opener = waiting[ready - waiting.len()];
                    return Err(self.lost(opener, &ReceiveError::Closed));
                }
                Err(ReceiveError::Stopped) => {
                    stopped = true;
                    self.arena.barrier().abandon();
                }
                // The barrier still advances, so the openers still run.
                Err(ReceiveError::Timeout) if self.arena.barrier().generation() != generation => {}
                Err(error) => return Err(self.lost(waiting[0], &error)),
            }
        }
        Ok(stopped)
    }

    fn ended(&self, opener: usize, reply: Result<Reply, ReceiveError>) -> Result<(), RaceError> {
        match reply {
            Ok(Reply { outcome: Outcome::Done, .. }) => Ok(()),
            Ok(Reply { outcome: Outcome::Failed(name), .. })
                if name == imglock_core::Errno::ETIMEDOUT =>
            {
                // Another opener has died or is stuck.
                let died = self.handles.iter().position(ProcessHandle::has_ended);
                Err(match died {
                    Some(died) => self.lost(died, &ReceiveError::Closed),
                    None => RaceError::TimedOut { opener: opener + 1, waited: self.patience },
                })
            }
            Ok(Reply { outcome, .. }) => {
                let why = format!("opener {} could not run: {outcome}", opener + 1);
                Err(RaceError::Opener(why))
            }
            Err(error) => Err(self.lost(opener, &error)),
        }
    }

    /// Handles an opener that no longer answers: the waiting openers leave the
    /// barrier.
    fn lost(&self, opener: usize, error: &ReceiveError) -> RaceError {
        self.arena.barrier().abandon();
        let pid = self.workers.get(opener).map_or(0, |worker| worker.pid);
        let number = opener + 1;
        let why = match error {
            ReceiveError::Stopped => return ProcessError::Stopped.into(),
            ReceiveError::Closed => format!(
                "opener {number} (process {pid}) died in the middle of the race; the process that \
                 killed it (the kernel, for want of memory?) ended the race"
            ),
            other => format!("opener {number} (process {pid}) stopped responding: {other}"),
        };
        RaceError::Opener(why)
    }

    /// The turns of the rounds that all openers finished.
    fn turns(&self, first: u64, rounds: usize) -> Vec<RaceTurn> {
        let openers = self.plan.openers;
        let mut turns = Vec::with_capacity(rounds * openers);
        for index in 0..rounds {
            let round = first + index as u64;
            for opener in 0..openers {
                let Some(entry) = self.arena.entry(opener, index, round) else {
                    turns.truncate(index * openers);
                    return turns;
                };
                turns.push(self.turn(opener, round, &entry));
            }
        }
        turns
    }

    fn turn(&self, opener: usize, round: u64, entry: &RaceEntry) -> RaceTurn {
        let mode = self.plan.mode(round, opener);
        let (answer, failure) = match entry.answered {
            Answered::Granted => (OpenAnswer::Granted, None),
            Answered::Refused(refusal) => (OpenAnswer::Refused(Some(refusal)), None),
            // Another opener's write lock conflicts; the errno does not name
            // the permission.
            Answered::LockByte { errno, .. } if errno == nix::libc::EAGAIN => {
                (OpenAnswer::Refused(None), None)
            }
            Answered::LockByte { byte, errno } => {
                (OpenAnswer::Refused(None), Some(format!("byte {byte}: {}", in_words(errno))))
            }
            Answered::Failed(errno) => (OpenAnswer::Refused(None), Some(in_words(errno))),
            Answered::Nothing => (OpenAnswer::Refused(None), Some("no answer".to_owned())),
        };
        let stay = Opening {
            opener,
            claim: mode.claim(),
            attempt_ns: entry.attempt_ns,
            answer: Some((entry.answer_ns, answer)),
            end: entry.closed.map(|(from_ns, until_ns)| OpeningEnd::Closed { from_ns, until_ns }),
        };
        let RaceEntry { against_entering, against_leaving, counted_from, changed, .. } = *entry;
        let proof = RaceProof { against_entering, against_leaving, counted_from, changed };
        RaceTurn { mode, stay, proof, failure: failure.map(String::into_boxed_str) }
    }
}

impl Racers for Workers {
    fn run(&mut self, first: u64, rounds: usize) -> Result<Ran, RaceError> {
        let rounds = rounds.min(self.arena.rounds());
        let stopped = self.run_batch(first, rounds)?;
        let turns = self.turns(first, rounds);
        let counter =
            Ledger::counter(self.image.as_fd()).map_err(|errno| RaceError::System(errno.into()))?;
        Ok(Ran { turns, counter: Some(counter), stopped })
    }
}

fn in_words(errno: i32) -> String {
    describe(&std::io::Error::from_raw_os_error(errno))
}
