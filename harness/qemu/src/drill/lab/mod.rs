mod guest;
mod images;
mod proofs;
mod tools;

pub use guest::SilentPeer;
pub use proofs::DrillProof;

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::account::{DrillAccount, DrillAct, DrillEntry};
use super::expected::DrillExpected;
use super::intruder::Intruder;
use super::locks::{self, ImageLocks};
use super::variant::DrillVariant;
use crate::qemu::{Command, Qemu, QemuBinaries, QemuProgram, QmpError, Start, Tool};
use imglock_core::{Backend, Claim};
use imglock_engine::{Launcher, ProcessHandle, StepFailure, StopToken};

/// A directory with images, the QEMUs that use them, and a record of all
/// actions.
///
/// All processes run in that directory, so file names and socket names are
/// relative.
#[derive(Debug)]
pub struct Lab<'a> {
    launcher: &'a mut Launcher,
    directory: PathBuf,
    binaries: &'a QemuBinaries,
    expected: &'static [DrillExpected],
    step_timeout: Duration,
    stop: StopToken,
    images: Vec<String>,
    machines: BTreeMap<String, Qemu>,
    tools: BTreeMap<String, Tool>,
    names: BTreeMap<i32, String>,
    intruder: Option<Intruder>,
    account: DrillAccount,
}

impl<'a> Lab<'a> {
    pub(super) fn new(
        launcher: &'a mut Launcher,
        directory: PathBuf,
        account: DrillAccount,
        binaries: &'a QemuBinaries,
        step_timeout: Duration,
        stop: StopToken,
    ) -> Lab<'a> {
        Lab {
            launcher,
            directory,
            binaries,
            expected: &[],
            step_timeout,
            stop,
            images: Vec::new(),
            machines: BTreeMap::new(),
            tools: BTreeMap::new(),
            names: BTreeMap::new(),
            intruder: None,
            account,
        }
    }

    /// Sets the expected effects of the proofs. After a job, the lab waits for
    /// them.
    pub(super) fn expect(&mut self, expected: &'static [DrillExpected]) {
        self.expected = expected;
    }

    /// The recorded events.
    pub(super) fn close(self) -> DrillAccount {
        self.account
    }

    /// The conditions.
    pub fn variant(&self) -> DrillVariant {
        self.account.variant
    }

    /// The QEMU program that plays.
    pub fn program(&self) -> QemuProgram {
        self.account.program.program
    }

    /// The deadline of an action that starts now.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.step_timeout
    }

    /// The options of a `file` node under these conditions.
    pub fn file(&self, node: &str, image: &str) -> Value {
        self.variant().node.options(node, image)
    }

    /// Starts a QEMU under this name. `arguments` follow those for the monitor.
    pub fn start(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[String],
    ) -> Result<(), StepFailure> {
        self.launch(actor, title, arguments, false)
    }

    fn launch(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[String],
        run_guest: bool,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let start = Start {
            binary: &self.account.program,
            name: actor,
            arguments,
            run_guest,
            directory: Some(&self.directory),
            deny_ofd: self.account.variant.backend == Backend::Posix,
        };
        let act = DrillAct::Start(start.command_line());
        let started = Qemu::start(self.launcher, &start, &self.stop, deadline);
        if let Ok(qemu) = started {
            self.names.insert(qemu.pid, actor.to_owned());
            self.machines.insert(actor.to_owned(), qemu);
            return self.enter(actor, title, act);
        }
        self.enter(actor, title, act)?;
        started.map(|_| ()).map_err(StepFailure::from)
    }

    /// Sends a command, which must succeed.
    pub fn tell(
        &mut self,
        actor: &str,
        title: &str,
        command: &Command,
    ) -> Result<Value, StepFailure> {
        match self.ask(actor, title, command)? {
            Ok(value) => Ok(value),
            Err(why) => Err(StepFailure::harness(format!("QEMU reported: {why}"))),
        }
    }

    /// Sends a command with a descriptor. It must succeed.
    pub fn tell_with(
        &mut self,
        actor: &str,
        title: &str,
        command: &Command,
        descriptor: &OwnedFd,
    ) -> Result<Value, StepFailure> {
        let deadline = self.deadline();
        let qmp = &mut self.machine(actor)?.qmp;
        qmp.begin_with(command, descriptor.as_fd())?;
        let answer = qmp.finish(deadline);
        self.enter(actor, title, DrillAct::Tell)?;
        Ok(answer?)
    }

    /// Sends a command, which must be refused; returns QEMU's message.
    pub fn tell_in_vain(
        &mut self,
        actor: &str,
        title: &str,
        command: &Command,
    ) -> Result<String, StepFailure> {
        match self.ask(actor, title, command)? {
            Err(why) => Ok(why),
            Ok(_) => Err(StepFailure::harness("QEMU should have refused this")),
        }
    }

    /// Sends a command, which may succeed or be refused.
    pub fn ask(
        &mut self,
        actor: &str,
        title: &str,
        command: &Command,
    ) -> Result<Result<Value, String>, StepFailure> {
        let deadline = self.deadline();
        let answer = self.machine(actor)?.qmp.execute(command, deadline);
        self.enter(actor, title, DrillAct::Tell)?;
        match answer {
            Ok(value) => Ok(Ok(value)),
            Err(QmpError::Refused(why)) => Ok(Err(why)),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for a QMP event for which `matches` holds.
    pub fn await_event(
        &mut self,
        actor: &str,
        title: &str,
        event: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Result<Value, StepFailure> {
        let deadline = self.deadline();
        let came = self.machine(actor)?.qmp.await_event(event, matches, deadline);
        self.enter(actor, title, DrillAct::Await)?;
        Ok(came?)
    }

    /// Waits until a job is in this state, such as `ready` or `concluded`
    /// (qapi/job.json, `JobStatus`).
    pub fn await_job(
        &mut self,
        actor: &str,
        title: &str,
        job: &str,
        status: &str,
    ) -> Result<(), StepFailure> {
        let is_it = |data: &Value| data["id"] == job && data["status"] == status;
        self.await_event(actor, title, "JOB_STATUS_CHANGE", is_it).map(|_| ())
    }

    /// Kills a QEMU and waits for its end.
    pub fn kill(&mut self, actor: &str, title: &str) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let process = ProcessHandle::open(self.machine(actor)?.pid)?;
        process.kill()?;
        process.await_exit(deadline, &self.stop)?;
        self.enter(actor, title, DrillAct::Kill)?;
        self.machines.remove(actor);
        Ok(())
    }

    /// Sends `quit` to a QEMU and waits for its end.
    pub fn quit(&mut self, actor: &str, title: &str) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let machine = self.machine(actor)?;
        let process = ProcessHandle::open(machine.pid)?;
        machine.qmp.begin(&Command::bare("quit"))?;
        process.await_exit(deadline, &self.stop)?;
        self.enter(actor, title, DrillAct::Tell)?;
        self.machines.remove(actor);
        Ok(())
    }

    /// Records an observation.
    pub fn note(&mut self, actor: &str, what: &str) -> Result<(), StepFailure> {
        self.enter(actor, what, DrillAct::Note)
    }

    /// The process id of a QEMU.
    pub fn pid(&mut self, actor: &str) -> Result<i32, StepFailure> {
        Ok(self.machine(actor)?.pid)
    }

    /// The claim of an actor on an image, from the kernel's lock table.
    pub fn claim_of(&self, actor: &str, image: &str) -> Result<Claim, StepFailure> {
        let locks = self.locks()?;
        let of_image = locks.iter().find(|one| one.image == image);
        Ok(of_image.map_or(Claim::NOTHING, |one| one.claim_of(actor)))
    }

    fn machine(&mut self, actor: &str) -> Result<&mut Qemu, StepFailure> {
        let missing = || StepFailure::harness(format!("{actor} was never started"));
        self.machines.get_mut(actor).ok_or_else(missing)
    }

    fn locks(&self) -> Result<Vec<ImageLocks>, StepFailure> {
        locks::read(&self.directory, &self.images, &self.names)
            .map_err(|error| StepFailure::harness(error.to_string()))
    }

    /// Records an action.
    fn enter(&mut self, actor: &str, title: &str, act: DrillAct) -> Result<(), StepFailure> {
        let (messages, printed) = match (self.machines.get_mut(actor), self.tools.get_mut(actor)) {
            (Some(qemu), _) => (qemu.qmp.take_messages(), qemu.printed()),
            (None, Some(tool)) => (tool.take_messages(), tool.printed()),
            (None, None) => (Vec::new(), Vec::new()),
        };
        let locks = self.locks()?;
        let (actor, title) = (actor.to_owned(), title.to_owned());
        self.account.entries.push(DrillEntry { actor, title, act, messages, printed, locks });
        Ok(())
    }
}
