use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Instant;

use procfs::process::Process;

use super::binary::{QemuBinary, QemuProgram};
use super::qmp::{Qmp, QmpError};
use imglock_engine::{Executed, Execution, Launcher, Log, ProcessError, StandardError, StopToken};

/// How a QEMU is started.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// Which one.
    pub binary: &'a QemuBinary,
    /// What it is called in messages.
    pub name: &'a str,
    /// What it is told besides where its monitor is.
    pub arguments: &'a [String],
    /// Let the guest run at once. Otherwise the emulator is started stopped
    /// (`-S`), and no guest code runs unless it is told to go on.
    pub run_guest: bool,
    /// Where it runs, which is where relative file names lead to.
    pub directory: Option<&'a Path>,
    /// Refuse it OFD locks.
    pub deny_ofd: bool,
}

impl Start<'_> {
    /// The words that a person would type to the same effect: with the monitor
    /// on the terminal.
    pub fn command_line(&self) -> Vec<String> {
        let program = self.binary.program.file_name();
        let monitor: &[&str] = match self.binary.program {
            QemuProgram::System => &["-qmp", "stdio"],
            QemuProgram::StorageDaemon => {
                &["--chardev", "stdio,id=qmp", "--monitor", "chardev=qmp"]
            }
            QemuProgram::Io | QemuProgram::Img => &[],
        };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let parts: [Vec<String>; 4] =
            [vec![program], words(&self.fixed()), self.arguments.to_vec(), words(monitor)];
        parts.concat()
    }

    /// What is always said.
    fn fixed(&self) -> Vec<&'static str> {
        match (self.binary.program, self.run_guest) {
            (QemuProgram::System, true) => UNATTENDED.to_vec(),
            (QemuProgram::System, false) => [UNATTENDED, &["-S"]].concat(),
            _ => Vec::new(),
        }
    }
}

/// The emulator's machine with a PCI bus, on this architecture.
pub const MACHINE: &str = if cfg!(target_arch = "x86_64") { "q35" } else { "virt" };

/// A QEMU that runs, with a monitor.
#[derive(Debug)]
pub struct Qemu {
    /// Its process id.
    pub pid: i32,
    /// Its monitor.
    pub qmp: Qmp,
    /// What it prints on standard error.
    pub log: Log,
    /// How much of that has been told.
    told: u64,
    /// Keeps it asleep in its first message.
    _full: Option<OwnedFd>,
}

/// Why there is no QEMU.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No process could be made.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It said nothing, or ended: what it printed, and what came of its
    /// monitor.
    #[error("{}", if .printed.is_empty() { .error.to_string() } else { .printed.clone() })]
    Monitor {
        /// Standard error.
        printed: String,
        /// What came of QMP.
        error: QmpError,
    },
}

impl Qemu {
    /// Starts it, and waits until its monitor answers.
    ///
    /// # Errors
    /// When there is no process, or it does not answer.
    pub fn start(
        launcher: &mut Launcher,
        start: &Start<'_>,
        stop: &StopToken,
        deadline: Instant,
    ) -> Result<Qemu, StartError> {
        Qemu::begin(launcher, start)?.greet(stop, deadline)
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// When there is no process.
    pub fn begin(launcher: &mut Launcher, start: &Start<'_>) -> Result<Starting, ProcessError> {
        Qemu::begin_with(launcher, start, StandardError::Log)
    }

    /// The same for one that falls asleep in the first message that it prints.
    ///
    /// # Errors
    /// As [`Qemu::begin`].
    pub fn begin_sleepy(
        launcher: &mut Launcher,
        start: &Start<'_>,
    ) -> Result<Starting, ProcessError> {
        Qemu::begin_with(launcher, start, StandardError::Full)
    }

    fn begin_with(
        launcher: &mut Launcher,
        start: &Start<'_>,
        errors: StandardError,
    ) -> Result<Starting, ProcessError> {
        let monitor = match start.binary.program {
            QemuProgram::System => MONITOR_OF_SYSTEM,
            _ => MONITOR_OF_DAEMON,
        };
        let fixed = start.fixed();
        let words = fixed.iter().chain(monitor).map(|word| (*word).to_owned());
        let execution = Execution { errors, ..execution(start, words) };
        Ok(Starting(launcher.execute(execution)?))
    }

    /// The lines that it has printed since this was last asked.
    pub fn printed(&mut self) -> Vec<String> {
        let text = self.log.text_from(self.told);
        self.told += text.len() as u64;
        text.lines().map(str::to_owned).collect()
    }
}

/// A QEMU whose monitor has not been heard of yet.
#[derive(Debug)]
pub struct Starting(Executed);

impl Starting {
    /// Waits until the monitor answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn greet(self, stop: &StopToken, deadline: Instant) -> Result<Qemu, StartError> {
        let Executed { pid, socket, log, full } = self.0;
        match Qmp::negotiate(socket, stop.clone(), deadline) {
            Ok(qmp) => Ok(Qemu { pid, qmp, log, told: 0, _full: full }),
            Err(error) => {
                Err(StartError::Monitor { printed: log.text().trim_end().to_owned(), error })
            }
        }
    }
}

/// No devices but those that are asked for, and no window.
const UNATTENDED: &[&str] = &["-nodefaults", "-display", "none", "-accel", "tcg"];

/// Standard input is the monitor.
const MONITOR_OF_SYSTEM: &[&str] =
    &["-chardev", "socket,id=qmp,fd=0", "-mon", "chardev=qmp,mode=control"];
const MONITOR_OF_DAEMON: &[&str] =
    &["--chardev", "socket,id=qmp,fd=0", "--monitor", "chardev=qmp,mode=control"];

pub(super) fn execution(start: &Start<'_>, words: impl Iterator<Item = String>) -> Execution {
    Execution {
        name: start.name.to_owned(),
        program: start.binary.path.clone(),
        arguments: words.chain(start.arguments.iter().cloned()).collect(),
        directory: start.directory.map(Path::to_owned),
        answers_on_stdout: false,
        errors: StandardError::Log,
        deny_ofd: start.deny_ofd,
    }
}

/// The exit status of a process that has ended and that nobody has reaped:
/// 128 and more when a signal ended it. The launcher reaps nobody before the
/// end, so that of its processes is there.
///
/// # Errors
/// When there is no such process.
pub fn exit_status(pid: i32) -> std::io::Result<i32> {
    let stat = Process::new(pid).and_then(|process| process.stat());
    let status = stat.map_err(std::io::Error::other)?.exit_code.unwrap_or(0);
    Ok(if status & 0x7f == 0 { status >> 8 & 0xff } else { 128 + (status & 0x7f) })
}
