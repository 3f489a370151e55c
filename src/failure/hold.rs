use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use imglock_harness::image::{AcquireError, Mode, OpenError};
use imglock_harness::lock::LockError;
use imglock_harness::process::describe;

use crate::exit::ExitCode;
use crate::phrase::quoted;

/// Why an image could not be held, or nothing could be run meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum HoldFailure {
    /// The image cannot be opened.
    #[error("{}", not_opened(.error, *.mode))]
    Open {
        /// Why.
        error: OpenError,
        /// For what it was to be opened.
        mode: Mode,
    },
    /// Another process is in the way, and has been for as long as was to be
    /// waited.
    #[error(
        "{}\nIs another process using the image [{}]?\n{}",
        in_qemus_words(.error), .image.display(), who(.image, .by.as_deref(), *.waited)
    )]
    Refused {
        /// The image.
        image: PathBuf,
        /// What was in the way.
        error: AcquireError,
        /// Who that was, in words, if it could be seen right afterwards.
        by: Option<String>,
        /// For how long it was tried.
        waited: Duration,
        /// What the shell is to be told.
        exit: u8,
    },
    /// The image's file system has no such locks.
    #[error(
        "{}\nlocks do not work on {}: put it on another file system, or go without (--locking off)",
        in_qemus_words(.error), .image.display()
    )]
    NoLocks {
        /// The image.
        image: PathBuf,
        /// What fcntl(2) said.
        error: AcquireError,
    },
    /// The command to run is not there.
    #[error("there is no command {}: {}; is it in PATH?", shown(.command), describe(.source))]
    NotFound {
        /// Its first word.
        command: OsString,
        /// What execve(2) said.
        source: io::Error,
    },
    /// The command to run cannot be started.
    #[error("cannot execute {}: {}; is it a program?", shown(.command), describe(.source))]
    NotExecutable {
        /// Its first word.
        command: OsString,
        /// What fork(2) or execve(2) said.
        source: io::Error,
    },
    /// The command was started, and cannot be waited for.
    #[error("cannot wait for {}: {}; it may still run, without the locks", shown(.command), describe(.source))]
    Lost {
        /// Its first word.
        command: OsString,
        /// What wait(2) said.
        source: io::Error,
    },
}

impl HoldFailure {
    /// What the shell is told.
    pub fn exit(&self) -> ExitCode {
        match self {
            HoldFailure::Open { .. } => ExitCode::Usage,
            HoldFailure::Refused { exit, .. } => ExitCode::Refused(*exit),
            HoldFailure::NoLocks { .. } | HoldFailure::Lost { .. } => ExitCode::Environment,
            HoldFailure::NotFound { .. } => ExitCode::NotFound,
            HoldFailure::NotExecutable { .. } => ExitCode::NotExecutable,
        }
    }
}

/// What is wrong with the image, and what to do about it.
fn not_opened(error: &OpenError, mode: Mode) -> String {
    match error {
        OpenError::Missing { .. } => {
            format!("{error}; name one that exists (`qemu-img create` makes one)")
        }
        OpenError::NotAnImage { .. } => format!("{error}; name a file or a block device"),
        OpenError::OnlyReadable { path, source } => format!(
            "cannot open {} for writing, which mode `{mode}` takes: {}; \
             `--mode ro` only reads",
            path.display(),
            describe(source)
        ),
        OpenError::Other { path, source } => format!(
            "cannot open {}: {}; look at it with `ls -l {}`",
            path.display(),
            describe(source),
            quoted(&path.display().to_string())
        ),
    }
}

/// The line that QEMU prints. It names the errno only where it is not another
/// owner's lock.
pub fn in_qemus_words(error: &AcquireError) -> String {
    match error {
        AcquireError::Refused(refusal) => refusal.qemu_message(),
        AcquireError::LockByte { byte, error: LockError::WouldBlock { .. } } => {
            format!("Failed to lock byte {byte}")
        }
        AcquireError::LockByte { byte, error } => {
            format!("Failed to lock byte {byte}: {}", describe(&error.errno().into()))
        }
    }
}

fn who(image: &Path, by: Option<&str>, waited: Duration) -> String {
    let image = quoted(&image.display().to_string());
    let next = match by {
        Some(by) => format!("{by}; `imglock holders {image}` says more"),
        None => format!("`imglock holders {image}` shows who has it"),
    };
    match waited {
        Duration::ZERO => format!("{next}, `--wait SECONDS` waits until it is free"),
        _ => format!("gave up after {} s; {next}", waited.as_secs_f64()),
    }
}

fn shown(command: &OsString) -> String {
    quoted(&command.to_string_lossy())
}
