use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::seen::{NODE, Seen, actor, locks_of};
use super::{Arrangement, OpenerProcesses};
use crate::process::{Launcher, Reply, Request, StopToken, Tried, Worker};
use crate::subject::StepFailure;
use imglock_core::{Access, Claim, NodeName, Outcome, TableLock};
use imglock_locks::{FileKey, LockTable, WatchedDescriptor};

const IMAGE: &str = "disk.img";
/// The content does not matter, and lock bytes need not be inside a file.
const IMAGE_BYTES: u64 = 1 << 20;
/// The number of readings of the lock table before a difference is accepted.
const READINGS: usize = 8;

/// An image and the processes that open it.
#[derive(Debug)]
pub(super) struct Stage {
    image: PathBuf,
    table: LockTable,
    /// The last worker tries; the others hold.
    workers: Vec<Worker>,
    step_timeout: Duration,
    stop: StopToken,
}

impl Stage {
    /// Creates an image and `openers` processes.
    pub(super) fn new(
        launcher: &mut Launcher,
        openers: usize,
        step_timeout: Duration,
        stop: StopToken,
    ) -> Result<Stage, StepFailure> {
        let image = launcher.begin()?.join(IMAGE);
        std::fs::File::create_new(&image)?.set_len(IMAGE_BYTES)?;
        let mut table = LockTable::default();
        table.add_image(FileKey::learn(&image)?, 0);
        let names: Vec<String> = (0..openers).map(actor).collect();
        let workers = launcher.spawn(&names)?;
        for (worker, name) in workers.iter().zip(&names) {
            table.add_process(worker.pid, name);
        }
        Ok(Stage { image, table, workers, step_timeout, stop })
    }

    /// Opens the image for `holders`, tries each of `claims` beside them, and
    /// reads the locks before and after the holders close it.
    pub(super) fn play(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
        claims: &[Claim],
    ) -> Result<Seen, StepFailure> {
        match arrangement.processes {
            OpenerProcesses::Several => self.play_in_several(arrangement, holders, claims),
            OpenerProcesses::One => {
                let tried = self.request(arrangement, holders.to_vec(), claims.to_vec());
                let tried = self.try_each(tried)?;
                Ok(Seen::Row { tried, held: None, left: self.locks(&[], &[])? })
            }
        }
    }

    fn play_in_several(
        &mut self,
        arrangement: Arrangement,
        holders: &[Claim],
        claims: &[Claim],
    ) -> Result<Seen, StepFailure> {
        let mut watched: Vec<WatchedDescriptor> = Vec::with_capacity(holders.len());
        for (holder, claim) in holders.iter().enumerate() {
            let open = Request::Open {
                path: self.image.clone(),
                access: Access::needed_by(*claim),
                cloexec: true,
                locks: Some(arrangement.backend),
                claim: *claim,
                pause_after: None,
            };
            let reply = self.ask(holder, &open)?;
            if let Some(node) = reply.node {
                let name = NodeName::new(actor(holder), NODE);
                let pid = self.workers[holder].pid;
                let (owner, fd) = (actor(holder).to_owned(), node.fd);
                watched.push(WatchedDescriptor { node: name, owner, description: holder, pid, fd });
            }
            if reply.outcome != Outcome::Granted {
                self.close(&watched)?;
                return Ok(Seen::NoRow { holder, outcome: reply.outcome });
            }
        }
        let request = self.request(arrangement, Vec::new(), claims.to_vec());
        let tried = self.try_each(request)?;
        let held = Some(self.locks(&watched, &locks_of(arrangement, holders))?);
        self.close(&watched)?;
        Ok(Seen::Row { tried, held, left: self.locks(&[], &[])? })
    }

    /// The locks on the image. They do not change meanwhile, but locks on other
    /// files do. If thousands of locks come and go, a reading of /proc/locks
    /// can miss one, so a difference is read again before it is accepted.
    fn locks(
        &mut self,
        watched: &[WatchedDescriptor],
        expected: &[TableLock],
    ) -> std::io::Result<Vec<TableLock>> {
        let mut locks = self.table.read(watched)?;
        for _ in 1..READINGS {
            if locks == expected {
                break;
            }
            locks = self.table.read(watched)?;
        }
        Ok(locks)
    }

    fn request(&self, arrangement: Arrangement, beside: Vec<Claim>, claims: Vec<Claim>) -> Request {
        let (path, locks) = (self.image.clone(), arrangement.backend);
        Request::TryEach { path, locks, beside, claims }
    }

    fn try_each(&mut self, request: Request) -> Result<Vec<Tried>, StepFailure> {
        let deadline = Instant::now() + self.step_timeout;
        let Some(last) = self.workers.last_mut() else { return Err(StepFailure::Died) };
        Ok(last.try_each(&request, deadline, &self.stop)?)
    }

    fn ask(&mut self, opener: usize, request: &Request) -> Result<Reply, StepFailure> {
        let deadline = Instant::now() + self.step_timeout;
        Ok(self.workers[opener].ask(request, deadline, &self.stop)?)
    }

    fn close(&mut self, holders: &[WatchedDescriptor]) -> Result<(), StepFailure> {
        for (holder, node) in holders.iter().enumerate() {
            let closed = self.ask(holder, &Request::Close { fd: node.fd })?;
            if closed.outcome != Outcome::Done {
                let why = format!("{} cannot close the image: {}", node.node, closed.outcome);
                return Err(StepFailure::harness(why));
            }
        }
        Ok(())
    }
}
