use std::os::fd::OwnedFd;
use std::time::Instant;

use super::console::Console;
use super::process::{Start, StartError, execution, exit_status};
use super::qmp::QmpError;
use imglock_engine::{
    Executed, Execution, Launcher, Log, Message, ProcessError, ProcessHandle, ReceiveError,
    StandardError, StopToken,
};

/// The result of a program that runs to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; 128 plus the signal number if a signal ended it.
    pub status: i32,
    /// Its output.
    pub printed: String,
}

/// A QEMU tool: at its prompt, running, or blocked in a message.
#[derive(Debug)]
pub struct Tool {
    /// Its process id.
    pub pid: i32,
    /// Its prompt, if it has one.
    pub console: Option<Console>,
    /// Its output.
    log: Log,
    /// The part of the log that was already reported, in bytes.
    told: u64,
    /// The full pipe that blocks it in its first message.
    _full: Option<OwnedFd>,
}

impl Tool {
    /// Starts `qemu-io` and waits for its prompt.
    ///
    /// # Errors
    /// If no process can be created, or no prompt comes.
    pub fn at_its_prompt(
        launcher: &mut Launcher,
        start: &Start<'_>,
        stop: &StopToken,
        deadline: Instant,
    ) -> Result<Tool, StartError> {
        let words = execution(start, std::iter::empty());
        let Executed { pid, socket, log, full } =
            launcher.execute(Execution { answers_on_stdout: true, ..words })?;
        match Console::greet(socket, stop.clone(), deadline) {
            Ok(console) => Ok(Tool { pid, console: Some(console), log, told: 0, _full: full }),
            Err(error) => {
                let printed = log.text().trim_end().to_owned();
                Err(StartError::Monitor { printed, error: QmpError::Lost(error) })
            }
        }
    }

    /// Starts a tool and does not wait for it.
    ///
    /// # Errors
    /// If no process can be created.
    pub fn begin(launcher: &mut Launcher, start: &Start<'_>) -> Result<Tool, ProcessError> {
        Tool::begin_with(launcher, start, StandardError::Log)
    }

    /// Starts a tool that blocks in its first message, because its standard
    /// error is a full pipe.
    ///
    /// # Errors
    /// As for [`Tool::begin`].
    pub fn begin_sleepy(launcher: &mut Launcher, start: &Start<'_>) -> Result<Tool, ProcessError> {
        Tool::begin_with(launcher, start, StandardError::Full)
    }

    fn begin_with(
        launcher: &mut Launcher,
        start: &Start<'_>,
        errors: StandardError,
    ) -> Result<Tool, ProcessError> {
        let words = execution(start, std::iter::empty());
        // The tool reads no input, so its socket is closed.
        let Executed { pid, log, full, .. } = launcher.execute(Execution { errors, ..words })?;
        Ok(Tool { pid, console: None, log, told: 0, _full: full })
    }

    /// Runs `qemu-img`, or `qemu-io` with its commands as arguments, to the
    /// end.
    ///
    /// # Errors
    /// If no process can be created, or the tool does not end before the
    /// deadline.
    pub fn run_to_the_end(
        launcher: &mut Launcher,
        start: &Start<'_>,
        stop: &StopToken,
        deadline: Instant,
    ) -> Result<Ended, StartError> {
        let Tool { pid, log, .. } = Tool::begin(launcher, start)?;
        let lost = |error: ReceiveError| {
            let printed = log.text().trim_end().to_owned();
            StartError::Monitor { printed, error: QmpError::Lost(error) }
        };
        let broken = |error: std::io::Error| lost(ReceiveError::Broken(error));
        ProcessHandle::open(pid).map_err(broken)?.await_exit(deadline, stop).map_err(lost)?;
        let status = exit_status(pid).map_err(broken)?;
        Ok(Ended { status, printed: log.text() })
    }

    /// The messages at the prompt since the last call.
    pub fn take_messages(&mut self) -> Vec<Message> {
        self.console.as_mut().map(Console::take_messages).unwrap_or_default()
    }

    /// The lines that it has printed since the last call.
    pub fn printed(&mut self) -> Vec<String> {
        let text = self.log.text_from(self.told);
        self.told += text.len() as u64;
        text.lines().map(str::to_owned).collect()
    }
}
