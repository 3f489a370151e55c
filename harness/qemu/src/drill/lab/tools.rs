//! Tools in a lab: `qemu-io` at its prompt, and short-lived tools that are
//! blocked in the middle of their work.

use std::fs::OpenOptions;
use std::io::{BufReader, Read};
use std::time::{Duration, Instant};

use super::Lab;
use crate::drill::account::DrillAct;
use crate::drill::recipe::DrillPlace;
use crate::qemu::{Command, Qemu, QemuBinary, QemuProgram, Start, Tool};
use imglock_core::{Backend, Claim, Mode};
use imglock_engine::{Slumber, StepFailure};
use imglock_locks::availability;

/// The time for which a sleeping process is watched if its wait channel is
/// unknown.
const STILLNESS: Duration = Duration::from_millis(200);

/// The way in which a tool is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// At its prompt.
    Prompted,
    /// It runs to its end.
    Free,
    /// It blocks in its first message.
    Sleepy,
}

impl Lab<'_> {
    /// Fails if such locks are not available.
    pub fn require(&self, backend: Backend) -> Result<(), StepFailure> {
        match availability(&self.directory)?.of(backend) {
            Ok(()) => Ok(()),
            Err(error) => Err(StepFailure::Cannot(format!("no {backend} locks here: {error}"))),
        }
    }

    /// Creates a raw image of `size` non-zero bytes.
    pub fn data_image(&mut self, name: &str, size: u64) -> Result<(), StepFailure> {
        self.raw_image(name, size)?;
        let data = std::io::repeat(0x5a).take(size);
        let mut file = OpenOptions::new().write(true).open(self.directory.join(name))?;
        std::io::copy(&mut BufReader::new(data), &mut file)?;
        Ok(())
    }

    /// Runs a tool of the same QEMU to its end, which must succeed.
    pub fn run(
        &mut self,
        program: QemuProgram,
        title: &str,
        arguments: &[&str],
    ) -> Result<(), StepFailure> {
        let binary = self.tool(program)?;
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let name = binary.program.file_name();
        let start = Start {
            binary: &binary,
            name: &name,
            arguments: &arguments,
            run_guest: false,
            directory: Some(&self.directory),
            deny_ofd: self.account.variant.backend == Backend::Posix,
        };
        let command = start.command_line();
        let deadline = Instant::now() + self.step_timeout;
        let ended = Tool::run_to_the_end(self.launcher, &start, &self.stop, deadline)?;
        self.enter(&name, title, DrillAct::Run { command, status: ended.status })?;
        match ended.status {
            0 => Ok(()),
            status => {
                let said = ended.printed.trim().to_owned();
                Err(StepFailure::harness(format!("{name} ended with {status}: {said}")))
            }
        }
    }

    /// The tool of the QEMU that plays, or the preferred one.
    fn tool(&self, program: QemuProgram) -> Result<QemuBinary, StepFailure> {
        let folder = self.account.program.path.parent();
        let beside = self.binaries.all(program).find(|binary| binary.path.parent() == folder);
        beside
            .or(self.binaries.first(program))
            .cloned()
            .ok_or_else(|| StepFailure::Cannot(format!("{} is not installed", program.file_name())))
    }

    /// Starts the `qemu-io` that plays, which waits at its prompt.
    pub fn start_console(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[&str],
    ) -> Result<(), StepFailure> {
        self.start_tool_in(Manner::Prompted, actor, title, arguments)
    }

    /// Sends a command to the prompt of a `qemu-io`; returns its output.
    pub fn type_in(&mut self, actor: &str, title: &str, line: &str) -> Result<String, StepFailure> {
        let deadline = self.deadline();
        let console = self.tools.get_mut(actor).and_then(|tool| tool.console.as_mut());
        let Some(console) = console else {
            return Err(StepFailure::harness(format!("{actor} has no prompt")));
        };
        let said = console.execute(line, deadline);
        self.enter(actor, title, DrillAct::Tell)?;
        Ok(said?)
    }

    /// Starts the tool that plays, and does not wait for it.
    pub fn start_tool(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[&str],
    ) -> Result<(), StepFailure> {
        self.start_tool_in(Manner::Free, actor, title, arguments)
    }

    /// Waits until an actor holds exactly the mode's claim, at most until the
    /// deadline. A later check then shows the actual claim.
    pub fn await_mode(
        &mut self,
        title: &str,
        place: DrillPlace,
        mode: Mode,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        while self.claim_of(place.actor, place.image)? != mode.claim() {
            if Instant::now() >= deadline || self.has_ended(place.actor) {
                break;
            }
            self.go_on()?;
        }
        self.enter(place.actor, title, DrillAct::Await)
    }

    /// Starts the tool that plays with a full pipe as standard error, and waits
    /// until it blocks in its first message, with the locks that it has by
    /// then. If the kernel does not show where it sleeps, the lab waits for the
    /// locks of `mode`.
    pub fn hold_still(
        &mut self,
        title: &str,
        place: DrillPlace,
        mode: Mode,
        arguments: &[&str],
    ) -> Result<(), StepFailure> {
        self.start_tool_in(Manner::Sleepy, place.actor, title, arguments)?;
        self.await_sleep("It sleeps in its first message", place, mode)
    }

    /// Starts a QEMU with a monitor and a full pipe as standard error.
    pub fn start_sleepy(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[String],
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let start = Start {
            binary: &self.account.program,
            name: actor,
            arguments,
            directory: Some(&self.directory),
            deny_ofd: self.account.variant.backend == Backend::Posix,
            run_guest: false,
        };
        let act = DrillAct::Start(start.command_line());
        let qemu = Qemu::begin_sleepy(self.launcher, &start)?.greet(&self.stop, deadline)?;
        self.names.insert(qemu.pid, actor.to_owned());
        self.machines.insert(actor.to_owned(), qemu);
        self.enter(actor, title, act)
    }

    /// Sends a command during which QEMU blocks in a message; then as
    /// [`Lab::hold_still`].
    pub fn tell_and_hold_still(
        &mut self,
        title: &str,
        place: DrillPlace,
        mode: Mode,
        command: &Command,
    ) -> Result<(), StepFailure> {
        self.machine(place.actor)?.qmp.begin(command)?;
        self.await_sleep(title, place, mode)
    }

    /// Whether an actor has an image open, with locks or without.
    pub fn has_open(&self, place: DrillPlace) -> Result<bool, StepFailure> {
        let locks = self.locks()?;
        let is_actor = |name: &String| name == place.actor;
        Ok(locks.iter().filter(|one| one.image == place.image).any(|one| {
            one.unlocked.iter().any(is_actor)
                || one.holdings.iter().any(|holding| holding.actors.iter().any(is_actor))
        }))
    }

    fn start_tool_in(
        &mut self,
        manner: Manner,
        actor: &str,
        title: &str,
        arguments: &[&str],
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let start = Start {
            binary: &self.account.program,
            name: actor,
            arguments: &arguments,
            directory: Some(&self.directory),
            deny_ofd: self.account.variant.backend == Backend::Posix,
            run_guest: false,
        };
        let act = DrillAct::Start(start.command_line());
        let tool = match manner {
            Manner::Prompted => Tool::at_its_prompt(self.launcher, &start, &self.stop, deadline)?,
            Manner::Free => Tool::begin(self.launcher, &start)?,
            Manner::Sleepy => Tool::begin_sleepy(self.launcher, &start)?,
        };
        self.names.insert(tool.pid, actor.to_owned());
        self.tools.insert(actor.to_owned(), tool);
        self.enter(actor, title, act)
    }

    fn await_sleep(
        &mut self,
        title: &str,
        place: DrillPlace,
        mode: Mode,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        // The start of a sleep at an unknown place, with the expected locks.
        let mut still: Option<Instant> = None;
        loop {
            match self.pid_of(place.actor).map_or(Slumber::Ended, Slumber::of) {
                Slumber::Asleep => break,
                Slumber::Ended => return Err(self.mute()),
                // A process that has answered will not block any more.
                Slumber::Awake if self.has_answered(place.actor)? => return Err(self.mute()),
                Slumber::Awake => still = None,
                Slumber::Unknown => {
                    let measured = self.claim_of(place.actor, place.image)?;
                    let is_it = measured != Claim::NOTHING && measured == mode.claim();
                    still = is_it.then(|| still.unwrap_or_else(Instant::now));
                }
            }
            let is_still = still.is_some_and(|since| since.elapsed() >= STILLNESS);
            if is_still || Instant::now() >= deadline {
                break;
            }
            self.go_on()?;
        }
        self.enter(place.actor, title, DrillAct::Await)
    }

    /// The reason why no process blocked.
    fn mute(&self) -> StepFailure {
        let program = self.program().file_name();
        let why = "prints no message in which it can be stopped; its trace goes elsewhere";
        StepFailure::Cannot(format!("{program} {why}"))
    }

    fn has_answered(&mut self, actor: &str) -> Result<bool, StepFailure> {
        match self.machines.get_mut(actor) {
            Some(machine) => Ok(machine.qmp.has_answered()?),
            None => Ok(false),
        }
    }

    fn has_ended(&self, actor: &str) -> bool {
        self.pid_of(actor).map_or(Slumber::Ended, Slumber::of) == Slumber::Ended
    }

    fn pid_of(&self, actor: &str) -> Option<i32> {
        let machine = self.machines.get(actor).map(|qemu| qemu.pid);
        machine.or(self.tools.get(actor).map(|tool| tool.pid))
    }

    /// Lets other processes run between two checks.
    fn go_on(&self) -> Result<(), StepFailure> {
        std::thread::yield_now();
        match self.stop.is_stopped() {
            true => Err(StepFailure::Stopped),
            false => Ok(()),
        }
    }
}
