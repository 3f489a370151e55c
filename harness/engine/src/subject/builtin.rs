use std::path::Path;

use super::{Deed, OpenNode, Performed, Player, Stage, StepFailure, Subject};
use crate::process::{Launcher, Reply, Request, Worker};
use imglock_core::{Access, Action, Backend, Claim, FALLBACK_WARNING, OpenOptions, Outcome};

/// The harness's own worker processes, which support every scenario action.
#[derive(Debug, Clone, Copy, Default)]
pub struct Builtin;

impl Builtin {
    /// The subject's name.
    pub const NAME: &'static str = "builtin";
}

impl Subject for Builtin {
    fn name(&self) -> &str {
        Builtin::NAME
    }

    fn can(&self, _: &Action, _: Backend) -> Result<(), String> {
        Ok(())
    }

    fn start(
        &self,
        launcher: &mut Launcher,
        names: &[String],
        _: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure> {
        let workers = launcher.spawn(names)?;
        let player = |worker| Box::new(BuiltinPlayer::new(worker)) as Box<dyn Player>;
        Ok(workers.into_iter().map(player).collect())
    }
}

/// A worker as a player.
#[derive(Debug)]
pub struct BuiltinPlayer {
    worker: Worker,
    /// Additions to the worker's answer.
    due: Due,
}

/// Additions to a worker's answer.
#[derive(Debug, Default)]
struct Due {
    /// QEMU would print a warning.
    warning: bool,
    /// The deed requests no permission (`inactivate`). The worker answers a
    /// change of its claim with `granted`; the outcome is `done`.
    asks_for_nothing: bool,
}

impl BuiltinPlayer {
    /// A player for a worker that was started, or forked.
    pub fn new(worker: Worker) -> BuiltinPlayer {
        BuiltinPlayer { worker, due: Due::default() }
    }
}

impl Player for BuiltinPlayer {
    fn pid(&self) -> i32 {
        self.worker.pid
    }

    fn begin(&mut self, deed: &Deed<'_>, stage: &Stage<'_>) -> Result<(), StepFailure> {
        let request = request(deed, stage.directory)?;
        tracing::trace!(pid = self.worker.pid, ?request);
        self.due = Due {
            asks_for_nothing: matches!(deed.action, Action::Inactivate { .. }),
            warning: match deed.action {
                // QEMU warns when it falls back, whether the open succeeds or
                // not.
                Action::Open { options, .. } => falls_back(options, stage.backend),
                _ => false,
            },
        };
        Ok(self.worker.channel.send(&request)?)
    }

    fn finish(&mut self, stage: &Stage<'_>) -> Result<Performed, StepFailure> {
        self.worker.channel.wait(stage.deadline(), stage.stop)?;
        let reply: Reply = self.worker.channel.receive()?;
        tracing::trace!(pid = self.worker.pid, ?reply);
        let mut performed = Performed::from(reply);
        let due = std::mem::take(&mut self.due);
        if due.warning {
            performed.warnings.extend(FALLBACK_WARNING.map(str::to_owned));
        }
        if due.asks_for_nothing && performed.outcome == Outcome::Granted {
            performed.outcome = Outcome::Done;
        }
        Ok(performed)
    }

    fn leave(&mut self) -> Result<(), StepFailure> {
        Ok(self.worker.channel.send(&Request::Exit)?)
    }

    fn worker(&mut self) -> Option<&mut Worker> {
        Some(&mut self.worker)
    }
}

fn falls_back(options: &OpenOptions, backend: Backend) -> bool {
    let best = options.backend.unwrap_or(backend);
    options.locking.is_some_and(|locking| locking.resolve(best).1)
}

/// The worker request of a deed.
///
/// # Errors
/// When the deed is no worker request: a step of several processes, or of the
/// host.
pub fn request(deed: &Deed<'_>, directory: &Path) -> Result<Request, StepFailure> {
    match deed.action {
        Action::Open { options, .. } => return Ok(open(deed, options, directory)),
        Action::Exec => return Ok(Request::Exec),
        _ => {}
    }
    let none =
        || Err(StepFailure::harness(format!("`{}` is not a request about a node", deed.action)));
    let Some(node) = deed.node else { return none() };
    let handle = || node.handle.clone();
    let (fd, backend) = (node.handle.fd, deed.bytes);
    Ok(match deed.action {
        Action::Close { .. } => Request::Close { fd },
        Action::Reopen { mode, access, .. } => reopen(node, mode.claim(), *access, directory),
        // An inactive node only records the claim; no byte is locked.
        Action::Set { mode, pause_after, .. } => Request::Change {
            node: handle(),
            claim: if node.active { mode.claim() } else { Claim::NOTHING },
            pause_after: *pause_after,
        },
        Action::Inactivate { .. } => {
            Request::Change { node: handle(), claim: Claim::NOTHING, pause_after: None }
        }
        Action::Activate { .. } => {
            Request::Change { node: handle(), claim: node.claim, pause_after: None }
        }
        Action::Read { at, len, .. } => Request::Read { fd, at: *at, len: *len },
        Action::Write { at, data, .. } => Request::Write { fd, at: *at, data: data.clone() },
        Action::Seek { to, .. } => Request::Seek { fd, to: *to },
        Action::Dup { .. } => Request::Dup { fd },
        Action::Lock { kind, range, wait, .. } => {
            Request::Lock { fd, backend, kind: *kind, range: *range, wait: *wait }
        }
        Action::Unlock { range, .. } => Request::Unlock { fd, backend, range: *range },
        Action::Test { kind, range, .. } => {
            Request::Test { fd, backend, kind: *kind, range: *range }
        }
        Action::Open { .. }
        | Action::Exec
        | Action::Send { .. }
        | Action::Fork { .. }
        | Action::Thread { .. }
        | Action::Exit
        | Action::Kill
        | Action::Stop
        | Action::Continue
        | Action::Signal
        | Action::Await
        | Action::Create { .. }
        | Action::HardLink { .. }
        | Action::Symlink { .. }
        | Action::Rename { .. }
        | Action::Unlink { .. }
        | Action::Bind { .. }
        | Action::Overlay { .. } => return none(),
    })
}

fn open(deed: &Deed<'_>, options: &OpenOptions, directory: &Path) -> Request {
    Request::Open {
        path: directory.join(&options.image),
        access: options.access,
        cloexec: options.cloexec,
        locks: deed.locks,
        claim: if options.inactive { Claim::NOTHING } else { options.mode.claim() },
        pause_after: options.pause_after,
    }
}

fn reopen(node: OpenNode<'_>, claim: Claim, access: Access, directory: &Path) -> Request {
    Request::Reopen {
        node: node.handle.clone(),
        path: directory.join(&node.options.image),
        access,
        cloexec: node.options.cloexec,
        claim: if node.active { claim } else { Claim::NOTHING },
    }
}
