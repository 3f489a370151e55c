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

/// The status of a process whose program could not be executed, as of a shell.
const CANNOT_EXECUTE: i32 = 127;

/// Another program that plays a process of a scenario. It finds a stream
/// socket as its standard input, and nothing else that is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// What the process is called in messages.
    pub name: String,
    /// Which program.
    pub program: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
    /// Where it runs; where the launcher does, when left out.
    pub directory: Option<PathBuf>,
    /// Its standard output is the socket, too; it goes to the log otherwise.
    pub answers_on_stdout: bool,
    /// Where it complains.
    pub errors: StandardError,
    /// Refuse it OFD locks.
    pub deny_ofd: bool,
}

/// Where the standard error of a program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StandardError {
    /// Into the log.
    #[default]
    Log,
    /// Into a pipe that is full. The program sleeps in its first message, in
    /// the middle of what it does and with all that it has locked, for as long
    /// as nobody reads: a short-lived tool stands still, and none of it is a
    /// matter of time.
    Full,
}

/// A program that has just been executed.
#[derive(Debug)]
pub struct Executed {
    /// Its process id.
    pub pid: i32,
    /// Our end of the socket.
    pub socket: OwnedFd,
    /// What it prints.
    pub log: Log,
    /// The other end of a standard error that is full. Closing it ends the
    /// program, and reading from it lets it go on.
    pub full: Option<OwnedFd>,
}

/// What a program printed on standard error: a file in memory, so that
/// nothing of it is left behind, and that can be read while it grows.
#[derive(Debug)]
pub struct Log(std::fs::File);

impl Log {
    pub(super) fn new(memory: OwnedFd) -> Log {
        Log(memory.into())
    }

    /// All that was printed so far.
    pub fn text(&self) -> String {
        self.text_from(0)
    }

    /// How many bytes were printed so far.
    pub fn length(&self) -> u64 {
        self.0.metadata().map_or(0, |file| file.len())
    }

    /// What was printed behind the first `offset` bytes.
    pub fn text_from(&self, offset: u64) -> String {
        // The program appends where the offset of the shared description is,
        // so ours must not move it.
        let mut bytes = vec![0; usize::try_from(self.length().saturating_sub(offset)).unwrap_or(0)];
        match self.0.read_exact_at(&mut bytes, offset) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

/// What a new program and its starter need between them.
pub(super) struct Wiring {
    pub(super) ours: OwnedFd,
    pub(super) theirs: OwnedFd,
    pub(super) log: OwnedFd,
    /// Reader and writer of a standard error that is full.
    pub(super) full: Option<(OwnedFd, OwnedFd)>,
}

impl Wiring {
    /// Makes socket and log, and a standard error beside the log.
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

/// Becomes the program; returns the exit status when that cannot be done. What
/// stood in the way is then the last line of the log. `errors` is where it
/// complains, when that is not the log.
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
        // The part that this program has played until now.
        .env_remove(super::ROLE)
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::from(if execution.answers_on_stdout { answers } else { words }))
        .stderr(Stdio::from(errors.unwrap_or(complaints)))
        .exec();
    failed(&describe(&error))
}
