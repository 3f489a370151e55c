use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use imglock_core::{LockError, Mode};
use imglock_engine::describe;
use imglock_locks::{AcquireError, OpenError};

use crate::exit::ExitCode;
use crate::phrase::quoted;

/// Why `hold` could not hold an image or run its command.
#[derive(Debug, thiserror::Error)]
pub enum HoldFailure {
    /// The image cannot be opened.
    #[error("{}", not_opened(.error))]
    Open {
        /// The error.
        error: OpenError,
        /// The mode to open it in.
        mode: Mode,
    },
    /// Another process uses the image in a conflicting mode, still after the
    /// wait.
    #[error(
        "{}\nIs another process using the image [{}]?{}",
        .error, .image.display(), circumstances(.by.as_deref(), *.waited)
    )]
    Refused {
        /// The image.
        image: PathBuf,
        /// The conflict.
        error: AcquireError,
        /// The holders in words, if they could be found right afterwards.
        by: Option<String>,
        /// The time limit of the wait.
        waited: Duration,
        /// The exit code.
        exit: u8,
    },
    /// A lock call failed, and not because of a conflict.
    #[error("{}\n{}", .error, what_failed(.error, .image))]
    NoLocks {
        /// The image.
        image: PathBuf,
        /// The error of fcntl(2).
        error: AcquireError,
    },
    /// COMMAND was not found.
    #[error("there is no command {}: {}", shown(.command), describe(.source))]
    NotFound {
        /// The program.
        command: OsString,
        /// The error of execve(2).
        source: io::Error,
    },
    /// COMMAND cannot be started.
    #[error("cannot execute {}: {}", shown(.command), describe(.source))]
    NotExecutable {
        /// The program.
        command: OsString,
        /// The error of fork(2) or execve(2).
        source: io::Error,
    },
    /// COMMAND was started, and waiting for it failed.
    #[error(
        "cannot wait for {}: {}; it may still run, without the locks",
        shown(.command), describe(.source)
    )]
    Lost {
        /// The program.
        command: OsString,
        /// The error of wait(2).
        source: io::Error,
    },
}

impl HoldFailure {
    /// The exit code of the command.
    pub fn exit(&self) -> ExitCode {
        match self {
            HoldFailure::Open { .. } => ExitCode::Usage,
            HoldFailure::Refused { exit, .. } => ExitCode::Refused(*exit),
            HoldFailure::NoLocks { .. } | HoldFailure::Lost { .. } => ExitCode::Environment,
            HoldFailure::NotFound { .. } => ExitCode::NotFound,
            HoldFailure::NotExecutable { .. } => ExitCode::NotExecutable,
        }
    }

    /// What to do next, in one line.
    pub(super) fn advice(&self) -> Option<String> {
        Some(match self {
            HoldFailure::Open { error: OpenError::Missing { .. }, .. } => {
                "name an existing image (`qemu-img create` creates one)".to_owned()
            }
            HoldFailure::Open { error: OpenError::NotAnImage { .. }, .. } => {
                "name a file or a block device".to_owned()
            }
            HoldFailure::Open { error: OpenError::OnlyReadable { .. }, mode } => {
                format!("mode `{mode}` needs write access; `--mode ro` only reads")
            }
            HoldFailure::Open { error: OpenError::Other { path, .. }, .. } => {
                format!("check the path and its permissions with `ls -l {}`", word(path))
            }
            HoldFailure::Open { .. } | HoldFailure::Lost { .. } => return None,
            HoldFailure::Refused { image, waited, .. } => {
                let shown = format!("`imglock holders {}` shows the holders", word(image));
                match *waited {
                    Duration::ZERO => format!("{shown}; --wait SECONDS waits until it is free"),
                    _ => shown,
                }
            }
            HoldFailure::NoLocks { error, .. } => match error.failed_call() {
                Some(LockError::Denied) => {
                    "allow lock calls on the image in the security module or on the file server; \
                     `imglock probe DIR` shows which locks work in its directory"
                        .to_owned()
                }
                _ => {
                    "move the image to another file system, or hold it without locks: --locking off"
                        .to_owned()
                }
            },
            HoldFailure::NotFound { .. } => {
                "check the spelling of the command, and that its directory is in PATH".to_owned()
            }
            HoldFailure::NotExecutable { .. } => {
                "check that it is a program and that you may execute it".to_owned()
            }
        })
    }
}

/// The error of opening the image.
fn not_opened(error: &OpenError) -> String {
    match error {
        OpenError::OnlyReadable { path, source } => {
            format!("cannot open {} for writing: {}", path.display(), describe(source))
        }
        OpenError::Other { path, source } => {
            format!("cannot open {}: {}", path.display(), describe(source))
        }
        _ => error.to_string(),
    }
}

/// A sentence about a lock call that failed.
fn what_failed(error: &AcquireError, image: &Path) -> String {
    let image = image.display();
    match error.failed_call() {
        Some(LockError::Denied) => format!(
            "{}: a security module or the file server forbids locks on {image}; no conflicting lock was found",
            LockError::Denied.errno().text()
        ),
        Some(error) => format!("locks do not work on {image}: {} ({error})", error.errno()),
        None => format!("locks do not work on {image}"),
    }
}

/// A line with the end of the wait and the holders, as far as there are any.
fn circumstances(by: Option<&str>, waited: Duration) -> String {
    let gave_up =
        (waited > Duration::ZERO).then(|| format!("gave up after {} s", waited.as_secs_f64()));
    let parts: Vec<&str> = gave_up.as_deref().into_iter().chain(by).collect();
    if parts.is_empty() { String::new() } else { format!("\n{}", parts.join("; ")) }
}

fn word(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn shown(command: &OsString) -> String {
    quoted(&command.to_string_lossy())
}
