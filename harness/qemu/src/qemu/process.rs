use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Instant;

use procfs::process::Process;

use super::binary::{QemuBinary, QemuProgram};
use super::qmp::{Qmp, QmpError};
use imglock_engine::{Executed, Execution, Launcher, Log, ProcessError, StandardError, StopToken};

/// The settings for starting a QEMU.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// The program.
    pub binary: &'a QemuBinary,
    /// Its name in messages.
    pub name: &'a str,
    /// Its arguments, without those for the monitor.
    pub arguments: &'a [String],
    /// Whether the guest runs at once. Otherwise the emulator starts stopped
    /// (`-S`), and guest code runs only after `cont`.
    pub run_guest: bool,
    /// The working directory, to which file names are relative.
    pub directory: Option<&'a Path>,
    /// Whether OFD locks are denied to it.
    pub deny_ofd: bool,
}

impl Start<'_> {
    /// The equivalent command line for a person, with the monitor on the
    /// terminal.
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

    /// The arguments for every start.
    fn fixed(&self) -> Vec<&'static str> {
        match (self.binary.program, self.run_guest) {
            (QemuProgram::System, true) => UNATTENDED.to_vec(),
            (QemuProgram::System, false) => [UNATTENDED, &["-S"]].concat(),
            _ => Vec::new(),
        }
    }
}

/// The emulator's machine type with a PCI bus, on this architecture.
pub const MACHINE: &str = if cfg!(target_arch = "x86_64") { "q35" } else { "virt" };

/// A running QEMU with a monitor.
#[derive(Debug)]
pub struct Qemu {
    /// Its process id.
    pub pid: i32,
    /// Its monitor.
    pub qmp: Qmp,
    /// Its standard error.
    pub log: Log,
    /// The part of the log that was already reported, in bytes.
    told: u64,
    /// The full pipe that blocks it in its first message.
    _full: Option<OwnedFd>,
}

/// The reasons why QEMU does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No process could be created.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It gave no answer, or exited. Contains its standard error and the QMP
    /// error.
    #[error("{}", if .printed.is_empty() { .error.to_string() } else { .printed.clone() })]
    Monitor {
        /// Standard error.
        printed: String,
        /// The QMP error.
        error: QmpError,
    },
}

impl Qemu {
    /// Starts QEMU and waits until its monitor answers.
    ///
    /// # Errors
    /// If no process can be created, or QEMU does not answer.
    pub fn start(
        launcher: &mut Launcher,
        start: &Start<'_>,
        stop: &StopToken,
        deadline: Instant,
    ) -> Result<Qemu, StartError> {
        Qemu::begin(launcher, start)?.greet(stop, deadline)
    }

    /// Starts QEMU without waiting.
    ///
    /// # Errors
    /// If no process can be created.
    pub fn begin(launcher: &mut Launcher, start: &Start<'_>) -> Result<Starting, ProcessError> {
        Qemu::begin_with(launcher, start, StandardError::Log)
    }

    /// The same for a QEMU that blocks in its first message, because its
    /// standard error is a full pipe.
    ///
    /// # Errors
    /// As for [`Qemu::begin`].
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

    /// The lines that it has printed since the last call.
    pub fn printed(&mut self) -> Vec<String> {
        let text = self.log.text_from(self.told);
        self.told += text.len() as u64;
        text.lines().map(str::to_owned).collect()
    }
}

/// A QEMU whose monitor has not answered yet.
#[derive(Debug)]
pub struct Starting(Executed);

impl Starting {
    /// Waits until the monitor answers.
    ///
    /// # Errors
    /// If it does not answer.
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

/// No default devices, and no window.
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

/// The exit status of an unreaped child: 128 plus the signal number if a signal
/// ended it. The launcher reaps no process before the end of a scenario, so the
/// status of its processes is available (proc_pid_stat(5), `exit_code`).
///
/// # Errors
/// If there is no such process.
pub fn exit_status(pid: i32) -> std::io::Result<i32> {
    let stat = Process::new(pid).and_then(|process| process.stat());
    let status = stat.map_err(std::io::Error::other)?.exit_code.unwrap_or(0);
    Ok(if status & 0x7f == 0 { status >> 8 & 0xff } else { 128 + (status & 0x7f) })
}
