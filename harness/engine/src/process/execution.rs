use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use serde::{Deserialize, Serialize};

use super::deny_ofd::deny_ofd;
use super::describe;
use super::full_pipe::full_pipe;

/// The exit status of a process whose program could not be executed, as of a
/// shell.
const CANNOT_EXECUTE: i32 = 127;

/// Another program that plays a process of a scenario. Its standard input is a
/// stream socket, and it inherits nothing else from the harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The name of the process in messages.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// The program's arguments.
    pub arguments: Vec<String>,
    /// The working directory; `None` for that of the launcher.
    pub directory: Option<PathBuf>,
    /// Whether the socket is its standard output, too. Otherwise the output
    /// goes to the log.
    pub answers_on_stdout: bool,
    /// The destination of its standard error.
    pub errors: StandardError,
    /// Whether to refuse OFD locks to it.
    pub deny_ofd: bool,
}

/// The destination of a program's standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StandardError {
    /// Into the log.
    #[default]
    Log,
    /// Into a pipe that is full. The program sleeps in write(2) of its first
    /// message until the pipe is read. So a short-lived tool stops in the
    /// middle of its work with all its locks, independent of timing.
    Full,
}

/// A program that has just been executed.
#[derive(Debug)]
pub struct Executed {
    /// Its process id.
    pub pid: i32,
    /// The harness's end of the socket.
    pub socket: OwnedFd,
    /// Its output on standard error.
    pub log: Log,
    /// The reading end of a standard error that is full. Closing it ends the
    /// program; reading from it resumes the program.
    pub full: Option<OwnedFd>,
}

/// A program's output on standard error. It is a file in memory, so nothing
/// remains of it, and it can be read while it grows.
#[derive(Debug)]
pub struct Log(std::fs::File);

impl Log {
    pub(super) fn new(memory: OwnedFd) -> Log {
        Log(memory.into())
    }

    /// The whole output so far.
    pub fn text(&self) -> String {
        self.text_from(0)
    }

    /// The number of bytes so far.
    pub fn length(&self) -> u64 {
        self.0.metadata().map_or(0, |file| file.len())
    }

    /// The output after the first `offset` bytes.
    pub fn text_from(&self, offset: u64) -> String {
        // The program appends at the offset of the shared description, so this
        // read must not move that offset.
        let mut bytes = vec![0; usize::try_from(self.length().saturating_sub(offset)).unwrap_or(0)];
        match self.0.read_exact_at(&mut bytes, offset) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

/// The descriptors that connect a new program with its starter.
pub(super) struct Wiring {
    pub(super) ours: OwnedFd,
    pub(super) theirs: OwnedFd,
    pub(super) log: OwnedFd,
    /// Reader and writer of a standard error that is full.
    pub(super) full: Option<(OwnedFd, OwnedFd)>,
}

impl Wiring {
    /// Makes the socket, the log and, if the log is not used for it, a standard
    /// error.
    pub(super) fn new(errors: StandardError) -> std::io::Result<Wiring> {
        let flags = SocketFlags::CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let log = memfd_create("imglock-log", MemfdFlags::CLOEXEC)?;
        let full = match errors {
            StandardError::Log => None,
            StandardError::Full => Some(full_pipe()?),
        };
        Ok(Wiring { ours, theirs, log, full })
    }
}

/// Becomes the program; returns the exit status when that fails. Then the last
/// line of the log gives the reason. `errors` is the program's standard error
/// when that is not the log.
pub(super) fn execute(
    execution: &Execution,
    theirs: OwnedFd,
    log: OwnedFd,
    errors: Option<OwnedFd>,
) -> i32 {
    let failed = |why: &dyn std::fmt::Display| {
        let line = format!("cannot execute {}: {why}\n", execution.program.display());
        let _ = nix::unistd::write(&log, line.as_bytes());
        CANNOT_EXECUTE
    };
    let copies =
        || Ok::<_, std::io::Error>((log.try_clone()?, log.try_clone()?, theirs.try_clone()?));
    let (complaints, words, answers) = match copies() {
        Ok(copies) => copies,
        Err(error) => return failed(&describe(&error)),
    };
    if execution.deny_ofd
        && let Err(why) = deny_ofd()
    {
        return failed(&why);
    }
    let mut command = Command::new(&execution.program);
    if let Some(directory) = &execution.directory {
        command.current_dir(directory);
    }
    let error = command
        .args(&execution.arguments)
        // The role of this process until now.
        .env_remove(super::ROLE)
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::from(if execution.answers_on_stdout { answers } else { words }))
        .stderr(Stdio::from(errors.unwrap_or(complaints)))
        .exec();
    failed(&describe(&error))
}
