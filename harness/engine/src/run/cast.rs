use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use crate::process::{Channel, ProcessHandle, Reply, Request, StopToken};
pub(super) use crate::subject::StepFailure;
use crate::subject::{Deed, Performed, Player, Stage};
use imglock_core::Backend;
use imglock_locks::{FileKey, LockTable, Visibility, WatchedDescriptor};

use super::books::Books;
use super::mounts::Mounts;
use super::scrutiny::Scrutiny;

/// The live processes of one run and the files they use.
#[derive(Debug)]
pub(super) struct Cast {
    members: HashMap<String, Box<dyn Player>>,
    /// Every process of the run, live or dead, by pid. The lock table names the
    /// process that set a lock even after its exit, and no pid is reused before
    /// the scenario ends.
    names: HashMap<i32, String>,
    backend: Backend,
    /// The device and inode of each image, as the kernel's lock table prints
    /// them.
    keys: Vec<Option<FileKey>>,
    /// An open descriptor of each image. It keeps the inode in use after the
    /// scenario drops the last name and the last descriptor. Otherwise the
    /// image of another run could get this inode, and with it the same key in
    /// the lock table.
    pinned: Vec<OwnedFd>,
    pub(super) scrutiny: Scrutiny,
    /// Whether the kernel's lock table shows the locks of this file system.
    pub(super) visibility: Visibility,
    pub(super) table: LockTable,
    pub(super) directory: PathBuf,
    /// A block device that each image is, instead of a new file.
    pub(super) device: Option<PathBuf>,
    /// The mounts of the scenario. Dropping them unmounts everything.
    pub(super) mounts: Mounts,
    pub(super) step_timeout: Duration,
    pub(super) stop: StopToken,
}

/// The player of an actor.
pub(super) struct Casted {
    pub(super) actor: String,
    /// The name of the subject.
    pub(super) subject: String,
    pub(super) player: Box<dyn Player>,
}

impl Cast {
    /// A cast without processes, whose files are in `directory`.
    pub(super) fn new(
        backend: Backend,
        directory: PathBuf,
        step_timeout: Duration,
        stop: StopToken,
        scrutiny: Scrutiny,
    ) -> Cast {
        Cast {
            members: HashMap::new(),
            names: HashMap::new(),
            backend,
            keys: Vec::new(),
            pinned: Vec::new(),
            scrutiny,
            visibility: Visibility::Shown,
            table: LockTable::default(),
            directory,
            device: None,
            mounts: Mounts::new(None),
            step_timeout,
            stop,
        }
    }

    /// Enters an image that has just been made.
    /// Makes an image of `size` bytes.
    pub(super) fn make_image(&self, name: &str, size: u64) -> std::io::Result<()> {
        let path = self.directory.join(name);
        match &self.device {
            Some(device) => std::os::unix::fs::symlink(device, path),
            None => std::fs::File::create_new(path)?.set_len(size),
        }
    }

    pub(super) fn add_image(&mut self, name: &str) -> std::io::Result<()> {
        let path = self.directory.join(name);
        self.pinned.push(rustix::fs::open(&path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?);
        let key = match FileKey::learn(&path) {
            Ok(key) => Some(key),
            Err(_) if self.visibility == Visibility::Hidden => None,
            // This file system supports no locks, or the lock table hides them.
            Err(_) if self.scrutiny == Scrutiny::Expectations => None,
            Err(error) => return Err(error),
        };
        if let Some(key) = key {
            self.table.add_image(key, self.keys.len());
        }
        self.keys.push(key);
        Ok(())
    }

    /// The key of an image in the kernel's lock table, where it is known.
    pub(super) fn key(&self, image: usize) -> Option<FileKey> {
        self.keys.get(image).copied().flatten()
    }

    /// Enters a process. `owner` is the name under which its POSIX locks are
    /// shown.
    pub(super) fn enter(&mut self, actor: &str, owner: &str, player: Box<dyn Player>) {
        self.table.add_process(player.pid(), owner);
        self.names.insert(player.pid(), actor.to_owned());
        self.members.insert(actor.to_owned(), player);
    }

    /// Updates the name under which each live process's POSIX locks are shown:
    /// the one that the books have for its descriptor table now.
    pub(super) fn name_owners(&mut self, books: &Books) {
        for (actor, player) in &self.members {
            if let Some(owner) = books.owner(actor) {
                self.table.add_process(player.pid(), owner);
            }
        }
    }

    /// Removes a process that has exited.
    pub(super) fn leave(&mut self, actor: &str) {
        self.members.remove(actor);
    }

    /// The process id of a live actor.
    pub(super) fn pid(&self, actor: &str) -> Option<i32> {
        self.members.get(actor).map(|player| player.pid())
    }

    /// The actor with this process id, live or dead.
    pub(super) fn actor(&self, pid: i32) -> Option<&str> {
        self.names.get(&pid).map(String::as_str)
    }

    /// The deadline of a step that begins now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.step_timeout
    }

    /// The player of an actor.
    pub(super) fn player(&mut self, actor: &str) -> Result<&mut dyn Player, StepFailure> {
        match self.members.get_mut(actor) {
            Some(player) => Ok(player.as_mut()),
            None => Err(StepFailure::Died),
        }
    }

    /// The channel to an actor that a builtin worker plays.
    pub(super) fn channel(&mut self, actor: &str) -> Result<&mut Channel, StepFailure> {
        match self.player(actor)?.worker() {
            Some(worker) => Ok(&mut worker.channel),
            None => Err(StepFailure::Cannot(
                "does not support this action of the builtin workers".to_owned(),
            )),
        }
    }

    /// Starts a deed of an actor.
    pub(super) fn begin(&mut self, actor: &str, deed: &Deed<'_>) -> Result<(), StepFailure> {
        let (player, stage) = self.on_stage(actor)?;
        player.begin(deed, &stage)
    }

    /// Waits for the result of an actor's deed.
    pub(super) fn finish(&mut self, actor: &str) -> Result<Performed, StepFailure> {
        let (player, stage) = self.on_stage(actor)?;
        player.finish(&stage)
    }

    fn on_stage(&mut self, actor: &str) -> Result<(&mut dyn Player, Stage<'_>), StepFailure> {
        let Cast { members, backend, directory, step_timeout, stop, .. } = self;
        let player = members.get_mut(actor).ok_or(StepFailure::Died)?;
        let stage = Stage { directory, backend: *backend, step_timeout: *step_timeout, stop };
        Ok((player.as_mut(), stage))
    }

    /// A pidfd of an actor's process.
    pub(super) fn handle(&self, actor: &str) -> Result<ProcessHandle, StepFailure> {
        let pid = self.pid(actor).ok_or(StepFailure::Died)?;
        Ok(ProcessHandle::open(pid)?)
    }

    /// Sends a request and waits for the reply.
    pub(super) fn call(&mut self, actor: &str, request: &Request) -> Result<Reply, StepFailure> {
        Ok(self.call_for_descriptor(actor, request)?.0)
    }

    /// Like [`Cast::call`], for a request whose reply may carry a descriptor.
    pub(super) fn call_for_descriptor(
        &mut self,
        actor: &str,
        request: &Request,
    ) -> Result<(Reply, Option<OwnedFd>), StepFailure> {
        tracing::trace!(actor, ?request);
        self.channel(actor)?.send(request)?;
        self.receive(actor)
    }

    /// Waits for the reply to a request that was sent before.
    pub(super) fn reply(&mut self, actor: &str) -> Result<Reply, StepFailure> {
        Ok(self.receive(actor)?.0)
    }

    fn receive(&mut self, actor: &str) -> Result<(Reply, Option<OwnedFd>), StepFailure> {
        let (deadline, stop) = (self.deadline(), self.stop.clone());
        let channel = self.channel(actor)?;
        channel.wait(deadline, &stop)?;
        let (reply, descriptors): (Reply, _) = channel.receive_with(1)?;
        tracing::trace!(actor, ?reply);
        Ok((reply, descriptors.into_iter().next()))
    }

    /// The descriptors by which OFD locks are attributed to nodes.
    pub(super) fn watched(&self, books: &Books) -> Vec<WatchedDescriptor> {
        books
            .nodes()
            .filter_map(|(name, node)| {
                Some(WatchedDescriptor {
                    pid: self.pid(books.sharer(name.root)?)?,
                    node: name.to_name(),
                    owner: name.root.to_owned(),
                    description: node.description,
                    fd: node.handle.fd,
                })
            })
            .collect()
    }
}
