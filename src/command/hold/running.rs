use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};

use imglock_locks::Hold;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getsid};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGTSTP, SIGUSR1, SIGUSR2};
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

use super::signals::{ENDING, Signals};
use crate::cli::HoldArgs;
use crate::exit::ExitCode;
use crate::failure::{Failure, HoldFailure};

/// Signals that are caught only while COMMAND runs.
const WHILE_RUNNING: [i32; 5] = [SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGCHLD];

/// COMMAND, which runs while the image is held.
pub(super) struct Running {
    name: OsString,
    child: Child,
    /// Whether COMMAND is stopped (SIGSTOP, SIGTSTP).
    stopped: bool,
    /// Whether imglock stops as soon as COMMAND has stopped.
    suspending: bool,
}

impl Running {
    /// Starts COMMAND, unless a signal to end has arrived before.
    pub(super) fn start(
        args: &HoldArgs,
        hold: &Hold,
        signals: &mut Signals,
    ) -> Result<Running, Failure> {
        let name = args.command[0].clone();
        let mut command = Command::new(&name);
        command.args(&args.command[1..]);
        command
            .env("IMGLOCK_IMAGE", std::path::absolute(&args.image).unwrap_or(args.image.clone()));
        command.env_remove("IMGLOCK_FD");
        if args.inherit {
            let unset = FcntlArg::F_SETFD(FdFlag::empty());
            fcntl(hold, unset).map_err(|errno| HoldFailure::NotExecutable {
                command: name.clone(),
                source: errno.into(),
            })?;
            command.env("IMGLOCK_FD", hold.as_fd().as_raw_fd().to_string());
        }
        signals.catch_too(&WHILE_RUNNING).map_err(Failure::Signals)?;
        let came = signals.arrived().map_err(Failure::Signals)?;
        if came.iter().any(|origin| ENDING.contains(&origin.signal)) {
            return Err(Failure::Interrupted);
        }
        match command.spawn() {
            Ok(child) => Ok(Running { name, child, stopped: false, suspending: false }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                Err(HoldFailure::NotFound { command: name, source }.into())
            }
            Err(source) => Err(HoldFailure::NotExecutable { command: name, source }.into()),
        }
    }

    /// Passes signals on until COMMAND has ended, and returns its exit code.
    pub(super) fn until_it_ends(mut self, signals: &mut Signals) -> Result<ExitCode, HoldFailure> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(|source| self.lost(source))? {
                let killed = || status.signal().map(|signal| 128 + signal);
                let number = status.code().or_else(killed).unwrap_or(i32::from(u8::MAX));
                return Ok(ExitCode::OfCommand(u8::try_from(number).unwrap_or(u8::MAX)));
            }
            self.see_whether_it_is_stopped();
            if self.suspending && self.stopped {
                self.suspending = false;
                // Execution continues here after SIGCONT.
                let _ = raise(Signal::SIGSTOP);
            }
            match signals.wait(None) {
                Ok(came) => came.iter().for_each(|origin| self.pass_on(origin)),
                // Signals are lost, but the locks are held until COMMAND ends.
                Err(_) => drop(self.child.wait()),
            }
        }
    }

    fn see_whether_it_is_stopped(&mut self) {
        let changes = WaitPidFlag::WSTOPPED | WaitPidFlag::WCONTINUED | WaitPidFlag::WNOHANG;
        loop {
            match waitid(Id::Pid(self.pid()), changes) {
                Ok(WaitStatus::Stopped(..)) => self.stopped = true,
                Ok(WaitStatus::Continued(_)) => self.stopped = false,
                _ => return,
            }
        }
    }

    fn pass_on(&mut self, origin: &Origin) {
        match origin.signal {
            SIGCHLD => return,
            SIGTSTP => self.suspending = true,
            SIGCONT => {
                self.suspending = false;
                self.see_whether_it_is_stopped();
                // `fg` and `bg` have sent SIGCONT to the whole process group.
                if !self.stopped {
                    return;
                }
            }
            _ => {}
        }
        if self.is_for_the_command(origin)
            && let Ok(signal) = Signal::try_from(origin.signal)
        {
            // COMMAND has not been waited for, so the pid is still its own.
            let _ = kill(self.pid(), signal);
        }
    }

    /// Whether COMMAND needs the signal. The terminal sends its signals to the
    /// whole foreground process group, which includes COMMAND; these must not
    /// reach COMMAND twice. Only the SIGHUP for a closed terminal is sent to the
    /// session leader alone.
    fn is_for_the_command(&self, origin: &Origin) -> bool {
        let leads_the_session = || getsid(None) == Ok(Pid::this());
        match (origin.cause, origin.process) {
            (Cause::Kernel, _) => origin.signal == SIGHUP && leads_the_session(),
            // COMMAND receives the signals that it sends to its own process group.
            (_, Some(sender)) => sender.pid != self.pid().as_raw(),
            (_, None) => true,
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn lost(&self, source: io::Error) -> HoldFailure {
        HoldFailure::Lost { command: self.name.clone(), source }
    }
}
