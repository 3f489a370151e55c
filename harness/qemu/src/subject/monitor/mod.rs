mod node;

use std::collections::{BTreeSet, HashMap};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use crate::qemu::{
    Command, MACHINE, Qemu, QemuBinary, QemuProgram, QmpError, Start, descriptors_of, outcome_of,
};
use crate::subject::abilities;
use imglock_core::{Access, Action, Backend, Claim, Locking, ModeSpec, OpenOptions, Outcome};
use imglock_engine::{
    Deed, Launcher, Message, Performed, Player, Stage, StepFailure, Subject, SubjectProgram,
};
use node::QemuNode;

/// A QEMU with a monitor: `qemu-storage-daemon`, or the emulator.
///
/// Each image is a `file` node, fixed read-only or read-write. A `blkdebug`
/// node above it makes a mode's claim: its options `take-child-perms` and
/// `unshare-child-perms` name the permissions that it takes and does not share.
/// QEMU then handles its locks as for any other user of a node.
#[derive(Debug, Clone)]
pub struct QemuSubject {
    binary: QemuBinary,
    name: &'static str,
}

impl QemuSubject {
    /// `None` for a program without a monitor.
    pub fn new(binary: QemuBinary) -> Option<QemuSubject> {
        let name = match binary.program {
            QemuProgram::StorageDaemon => "qemu-storage-daemon",
            QemuProgram::System => "qemu-system",
            QemuProgram::Io | QemuProgram::Img => return None,
        };
        Some(QemuSubject { binary, name })
    }
}

impl Subject for QemuSubject {
    fn name(&self) -> &str {
        self.name
    }

    fn program(&self) -> Option<SubjectProgram> {
        Some((&self.binary).into())
    }

    fn can(&self, action: &Action, backend: Backend) -> Result<(), String> {
        abilities::can(&self.binary, action, backend)
    }

    fn start(
        &self,
        launcher: &mut Launcher,
        names: &[String],
        stage: &Stage<'_>,
    ) -> Result<Vec<Box<dyn Player>>, StepFailure> {
        let arguments: &[String] = match self.binary.program {
            QemuProgram::System => &["-machine".to_owned(), MACHINE.to_owned()],
            _ => &[],
        };
        // All processes start at the same time.
        let mut starting = Vec::with_capacity(names.len());
        for name in names {
            let binary = &self.binary;
            let deny_ofd = stage.backend == Backend::Posix;
            let (directory, run_guest) = (None, false);
            let start = Start { binary, name, arguments, run_guest, directory, deny_ofd };
            starting.push(Qemu::begin(launcher, &start)?);
        }
        let mut players: Vec<Box<dyn Player>> = Vec::with_capacity(names.len());
        for qemu in starting {
            players.push(Box::new(QemuPlayer {
                qemu: qemu.greet(stage.stop, stage.deadline())?,
                nodes: HashMap::new(),
                made: 0,
                pending: Pending::Nothing,
            }));
        }
        Ok(players)
    }
}

/// A QEMU that plays a process.
#[derive(Debug)]
struct QemuPlayer {
    qemu: Qemu,
    nodes: HashMap<String, QemuNode>,
    /// The number of nodes created so far; part of their names.
    made: usize,
    pending: Pending,
}

/// The action that the answer to the last command decides.
#[derive(Debug)]
enum Pending {
    Nothing,
    /// The outcome is already decided.
    Decided(Outcome),
    /// A user was requested, above a new file node.
    Open {
        name: String,
        node: QemuNode,
        path: PathBuf,
        before: BTreeSet<RawFd>,
    },
    /// A second user was requested, which replaces the first.
    Set {
        name: String,
        user: String,
        mode: ModeSpec,
    },
    /// The deletion of the user was requested.
    Close {
        name: String,
    },
    /// A user was requested, above a file node that was just activated.
    Activate {
        name: String,
        user: String,
    },
    /// The deletion of the user was requested; the file node is still active.
    Inactivate {
        name: String,
    },
}

impl Player for QemuPlayer {
    fn pid(&self) -> i32 {
        self.qemu.pid
    }

    fn begin(&mut self, deed: &Deed<'_>, stage: &Stage<'_>) -> Result<(), StepFailure> {
        self.pending = match deed.action {
            Action::Open { node, options } => self.begin_open(node, options, deed.locks, stage)?,
            Action::Set { node, mode, .. } => self.begin_set(node, *mode)?,
            Action::Close { node } => {
                let QemuNode { file, user, .. } = self.node(node)?;
                self.qemu.qmp.begin(&Command::delete(user.as_ref().unwrap_or(file)))?;
                Pending::Close { name: node.clone() }
            }
            Action::Activate { node } => self.begin_activate(node, stage)?,
            Action::Inactivate { node } => match &self.node(node)?.user {
                None => Pending::Decided(Outcome::Done),
                Some(user) => {
                    self.qemu.qmp.begin(&Command::delete(user))?;
                    Pending::Inactivate { name: node.clone() }
                }
            },
            other => return Err(StepFailure::Cannot(format!("cannot `{other}`"))),
        };
        Ok(())
    }

    fn finish(&mut self, stage: &Stage<'_>) -> Result<Performed, StepFailure> {
        let mut performed = match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => return Err(StepFailure::harness("no action was started")),
            Pending::Decided(outcome) => outcome.into(),
            Pending::Open { name, node, path, before } => {
                self.finish_open(name, node, &path, &before, stage)?
            }
            Pending::Set { name, user, mode } => self.finish_set(&name, user, mode, stage)?,
            Pending::Close { name } => {
                self.qemu.qmp.finish(stage.deadline())?;
                if let Some(QemuNode { file, user: Some(_), .. }) = self.nodes.remove(&name) {
                    self.qemu.qmp.execute(&Command::delete(&file), stage.deadline())?;
                }
                Outcome::Done.into()
            }
            Pending::Activate { name, user } => self.finish_activate(&name, user, stage)?,
            Pending::Inactivate { name } => {
                self.qemu.qmp.finish(stage.deadline())?;
                let file = self.node(&name)?.file.clone();
                self.qemu.qmp.execute(&Command::set_active(&file, false), stage.deadline())?;
                let node = self.node_mut(&name)?;
                node.user = None;
                Performed { handle: Some(node.handle()), ..Outcome::Done.into() }
            }
        };
        performed.warnings = self.qemu.printed().iter().map(|line| words(line)).collect();
        Ok(performed)
    }

    fn leave(&mut self) -> Result<(), StepFailure> {
        Ok(self.qemu.qmp.begin(&Command::bare("quit"))?)
    }

    fn take_messages(&mut self) -> Vec<Message> {
        self.qemu.qmp.take_messages()
    }

    fn printed(&self) -> String {
        self.qemu.log.text()
    }
}

impl QemuPlayer {
    fn begin_open(
        &mut self,
        name: &str,
        options: &OpenOptions,
        locks: Option<Backend>,
        stage: &Stage<'_>,
    ) -> Result<Pending, StepFailure> {
        let (claim, access) = (options.mode.claim(), options.access);
        let path = stage.directory.join(&options.image);
        // A missing file has no descriptors; QEMU's answer reports the error.
        let before = descriptors_of(self.qemu.pid, &path).unwrap_or_default();
        let file = self.new_name("image");
        let read_only = access == Access::ReadOnly;
        let locking = options.locking.unwrap_or(Locking::On);
        let mut add = Command::add_file(&file, &path.to_string_lossy(), read_only, locking);
        if options.inactive {
            add = add.inactive();
        }
        if let Some(outcome) = refused(self.qemu.qmp.execute(&add, stage.deadline()))? {
            return Ok(Pending::Decided(outcome));
        }
        let user = match options.inactive {
            true => None,
            false => Some(self.begin_claim(&file, claim, access)?),
        };
        let node = QemuNode { file, user, claim, access, fd: -1, locks };
        Ok(Pending::Open { name: name.to_owned(), node, path, before })
    }

    fn finish_open(
        &mut self,
        name: String,
        mut node: QemuNode,
        path: &Path,
        before: &BTreeSet<RawFd>,
        stage: &Stage<'_>,
    ) -> Result<Performed, StepFailure> {
        if node.user.is_some()
            && let Some(outcome) = refused(self.qemu.qmp.finish(stage.deadline()))?
        {
            self.qemu.qmp.execute(&Command::delete(&node.file), stage.deadline())?;
            return Ok(outcome.into());
        }
        let now = descriptors_of(self.qemu.pid, path)?;
        let new: Vec<RawFd> = now.difference(before).copied().collect();
        let [fd] = new[..] else {
            let why = format!("QEMU has {} new descriptors of {}", new.len(), path.display());
            return Err(StepFailure::harness(why));
        };
        node.fd = fd;
        let performed = Performed { handle: Some(node.handle()), ..Outcome::Granted.into() };
        self.nodes.insert(name, node);
        Ok(performed)
    }

    /// Replaces a node's user, which keeps its claim for life. Both users exist
    /// for a moment, so their claims must be compatible.
    fn begin_set(&mut self, name: &str, mode: ModeSpec) -> Result<Pending, StepFailure> {
        let node = self.node(name)?.clone();
        let claim = mode.claim();
        abilities::can_access(node.access, claim).map_err(StepFailure::Cannot)?;
        if node.user.is_none() {
            // The node requests no lock before it is activated.
            self.node_mut(name)?.claim = claim;
            return Ok(Pending::Decided(Outcome::Granted));
        }
        if claim.conflicts_with(node.claim) {
            let why = "cannot change a claim into one that conflicts with it";
            return Err(StepFailure::Cannot(why.to_owned()));
        }
        let user = self.begin_claim(&node.file, claim, node.access)?;
        Ok(Pending::Set { name: name.to_owned(), user, mode })
    }

    fn finish_set(
        &mut self,
        name: &str,
        user: String,
        mode: ModeSpec,
        stage: &Stage<'_>,
    ) -> Result<Performed, StepFailure> {
        let outcome = refused(self.qemu.qmp.finish(stage.deadline()))?;
        let node = self.node_mut(name)?;
        let handle = Some(node.handle());
        if let Some(outcome) = outcome {
            return Ok(Performed { handle, ..outcome.into() });
        }
        node.claim = mode.claim();
        if let Some(old) = node.user.replace(user) {
            self.qemu.qmp.execute(&Command::delete(&old), stage.deadline())?;
        }
        Ok(Performed { handle, ..Outcome::Granted.into() })
    }

    fn begin_activate(&mut self, name: &str, stage: &Stage<'_>) -> Result<Pending, StepFailure> {
        let QemuNode { file, claim, access, .. } = self.node(name)?.clone();
        self.qemu.qmp.execute(&Command::set_active(&file, true), stage.deadline())?;
        let user = self.begin_claim(&file, claim, access)?;
        Ok(Pending::Activate { name: name.to_owned(), user })
    }

    fn finish_activate(
        &mut self,
        name: &str,
        user: String,
        stage: &Stage<'_>,
    ) -> Result<Performed, StepFailure> {
        let outcome = refused(self.qemu.qmp.finish(stage.deadline()))?;
        let node = self.node_mut(name)?;
        node.user = outcome.is_none().then_some(user);
        let (handle, file) = (Some(node.handle()), node.file.clone());
        let Some(outcome) = outcome else {
            return Ok(Performed { handle, ..Outcome::Granted.into() });
        };
        self.qemu.qmp.execute(&Command::set_active(&file, false), stage.deadline())?;
        Ok(Performed { handle, ..outcome.into() })
    }

    /// Requests a user of a file node that makes this claim.
    fn begin_claim(
        &mut self,
        file: &str,
        claim: Claim,
        access: Access,
    ) -> Result<String, StepFailure> {
        let user = self.new_name("claim");
        let add = Command::add_claim(&user, file, claim, access == Access::ReadOnly);
        self.qemu.qmp.begin(&add)?;
        Ok(user)
    }

    fn new_name(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}{}", self.made)
    }

    fn node(&self, name: &str) -> Result<&QemuNode, StepFailure> {
        self.nodes.get(name).ok_or_else(|| no_such_node(name))
    }

    fn node_mut(&mut self, name: &str) -> Result<&mut QemuNode, StepFailure> {
        self.nodes.get_mut(name).ok_or_else(|| no_such_node(name))
    }
}

fn no_such_node(name: &str) -> StepFailure {
    StepFailure::harness(format!("QEMU has no image `{name}` open"))
}

/// The meaning of a refusal; `None` if there was no refusal.
fn refused(answer: Result<serde_json::Value, QmpError>) -> Result<Option<Outcome>, StepFailure> {
    match answer {
        Ok(_) => Ok(None),
        Err(QmpError::Refused(why)) => match outcome_of(&why) {
            Some(outcome) => Ok(Some(outcome)),
            None => Err(StepFailure::harness(format!("QEMU reported: {why}"))),
        },
        Err(error) => Err(error.into()),
    }
}

/// A line of QEMU's output, without the program's name.
pub(super) fn words(line: &str) -> String {
    line.rsplit_once("warning: ").map_or(line, |(_, words)| words).to_owned()
}
