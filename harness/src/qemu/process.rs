use std::time::Instant;

use super::binary::{Binary, Program};
use super::qmp::{Qmp, QmpError};
use crate::process::{Executed, Execution, Launcher, Log, ProcessError, StopToken};

/// How a QEMU is started.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// Which one.
    pub binary: &'a Binary,
    /// What it is called in messages.
    pub name: &'a str,
    /// What it is told besides where its monitor is. No guest code runs: the
    /// emulator is started stopped, and is never told to go on by itself.
    pub arguments: &'a [String],
    /// Refuse it OFD locks.
    pub deny_ofd: bool,
}

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
        let executed = launcher.execute(Execution {
            name: start.name.to_owned(),
            program: start.binary.path.clone(),
            arguments: monitor(start.binary.program)
                .iter()
                .map(|word| (*word).to_owned())
                .chain(start.arguments.iter().cloned())
                .collect(),
            answers_on_stdout: false,
            deny_ofd: start.deny_ofd,
        })?;
        Ok(Starting(executed))
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
        let Executed { pid, socket, log } = self.0;
        match Qmp::negotiate(socket, stop.clone(), deadline) {
            Ok(qmp) => Ok(Qemu { pid, qmp, log, told: 0 }),
            Err(error) => {
                Err(StartError::Monitor { printed: log.text().trim_end().to_owned(), error })
            }
        }
    }
}

/// Standard input is the monitor.
fn monitor(program: Program) -> &'static [&'static str] {
    match program {
        Program::System => &[
            "-nodefaults",
            "-display",
            "none",
            "-S",
            "-accel",
            "tcg",
            "-chardev",
            "socket,id=qmp,fd=0",
            "-mon",
            "chardev=qmp,mode=control",
        ],
        _ => &["--chardev", "socket,id=qmp,fd=0", "--monitor", "chardev=qmp,mode=control"],
    }
}
