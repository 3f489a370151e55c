//! The errors of the command: one sentence on the error, then a `help:` line
//! on what to do next. No other module, and no library, names options in the
//! text of an error.

mod advice;
mod engine;
mod exit;
mod hold;
mod printing;
mod results;
mod written;

pub use hold::HoldFailure;
pub use printing::help;
pub use results::advice_on_results;
pub use written::Written;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use imglock_core::{Backend, FileSystem};
use imglock_engine::{HarnessError, ProbeError, RaceError, SelfTestError, SiteError, describe};
use imglock_locks::SurveyError;
use imglock_qemu::HandoverError;
#[cfg(feature = "vm")]
use imglock_qemu::{KernelError, PayloadError};
use imglock_scenario::{HistoryProblem, ScenarioError};

#[cfg(feature = "vm")]
use crate::cli::NotInAGuest;
use crate::phrase::{count, list};

/// Why a command could not do its work.
///
/// A failed scenario is a result and not a failure of the command. The text of
/// a failure states only the error; [`Failure::advice`] says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A pattern that selects nothing.
    #[error("no scenario, theme, file or folder matches `{pattern}`")]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// The most similar name, if one is similar.
        nearest: Option<String>,
    },
    /// An unknown fault.
    #[error("unknown fault `{name}`")]
    NoFault {
        /// The name given.
        name: String,
        /// The most similar name, if one is similar.
        nearest: Option<&'static str>,
    },
    /// A folder without scenarios.
    #[error("{path} holds no scenario")]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No selected scenario supports the chosen backends.
    #[error("none of the selected scenarios runs on {}", names(.backends))]
    NoBackend {
        /// The chosen backends.
        backends: Vec<Backend>,
    },
    /// No selected scenario supports the chosen file systems.
    #[error(
        "the selected scenarios run only on {}",
        list(.wanted.iter().map(|one| one.name()))
    )]
    NoFileSystem {
        /// The file systems that the scenarios support.
        wanted: BTreeSet<FileSystem>,
    },
    /// A `--qemu-dir` without a QEMU.
    #[error(
        "{} holds none of QEMU's programs (qemu-storage-daemon, qemu-system-*, qemu-io, qemu-img)",
        directory.display()
    )]
    NoQemu {
        /// The directory.
        directory: PathBuf,
    },
    /// `--mix` without a QEMU.
    #[error("no QEMU was found to mix with")]
    NothingToMix,
    /// No QEMU that supports the command.
    #[error("{why}")]
    NoPlayer {
        /// The missing program, in a sentence.
        why: String,
    },
    /// Every drill or recipe was skipped.
    #[error("nothing could be tried: {why}")]
    NotTried {
        /// The reason of the first skip.
        why: String,
    },
    /// `--mix` without a scenario of two processes.
    #[error("none of the selected scenarios has exactly two processes, as --mix needs")]
    NoPairs,
    /// The command was built without scenarios.
    #[error("this imglock contains no scenarios")]
    NoScenarios,
    /// Invalid files of scenarios or known failures.
    #[error("{} not well formed", count(.0.len(), "file is", "files are"))]
    Invalid(Vec<ScenarioError>),
    /// A file that cannot be read.
    #[error("cannot read {path}: {}", describe(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that is not a report of runs.
    #[error("{path} is not a report of runs: {why}")]
    NoReport {
        /// The file.
        path: PathBuf,
        /// The difference from a report.
        why: String,
    },
    /// An invalid history. Its problem contains its own advice.
    #[error(transparent)]
    History(HistoryProblem),
    /// A report file that cannot be written.
    #[error("cannot write the report {path}: {}", describe(.source))]
    Report {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another output file that cannot be written.
    #[error("cannot write {}{path}: {}", .file.noun(), describe(.source))]
    Unwritable {
        /// The kind of file.
        file: Written,
        /// The file, or its folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// One file for several scenarios.
    #[error("several scenarios may be written, but {path} is one file")]
    SaveMany {
        /// The file.
        path: PathBuf,
    },
    /// A part of the cases that is empty.
    #[error("this part contains no case")]
    NoCases,
    /// A part of the runs that is empty.
    #[error("this part contains no run")]
    EmptyShard,
    /// `imglock vm` in a build without it.
    #[cfg(not(feature = "vm"))]
    #[error("this imglock cannot boot kernels, because it was built without the feature `vm`")]
    NoVm,
    /// An option that a guest's run does not support.
    #[cfg(feature = "vm")]
    #[error("{} cannot be given after the --: {}", .0.option, .0.why)]
    NotInAGuest(NotInAGuest),
    /// A file that is not a kernel, or modules of another kernel.
    #[cfg(feature = "vm")]
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A program that cannot be copied into a guest.
    #[cfg(feature = "vm")]
    #[error(transparent)]
    Payload(PayloadError),
    /// No file system can be made.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// One history file for several races.
    #[error("a history records one race, and {races} races are selected")]
    SeveralHistories {
        /// The number of races.
        races: usize,
    },
    /// One file for two reports.
    #[error("two reports have the same file {path}")]
    SameReport {
        /// The file.
        path: PathBuf,
    },
    /// A command without a manual page.
    #[error("there is no command `{0}`")]
    NoCommand(String),
    /// The engine cannot run here.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// A race that cannot start or go on.
    #[error(transparent)]
    Race(RaceError),
    /// No guest can be moved.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// A directory cannot be probed.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The engine returned too few results, and no reason.
    #[error("the run ended early, after {ran} of {planned} scenario runs")]
    Incomplete {
        /// The number of results.
        ran: usize,
        /// The number of planned runs.
        planned: usize,
    },
    /// Every fault was skipped.
    #[error("nothing was tested: none of the faults has an effect on these locks")]
    NoFaultTried,
    /// Every scenario was skipped.
    #[error("nothing was tested: every scenario was skipped")]
    NothingRan,
    /// The holders of an image cannot be found.
    #[error("{}", not_surveyed(.0))]
    Survey(#[from] SurveyError),
    /// Signal handlers cannot be installed.
    #[error("cannot install handlers for Ctrl-C and SIGTERM: {}", describe(.0))]
    Signals(io::Error),
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {}", describe(.0))]
    Output(#[from] io::Error),
    /// `matrix --all` with another subject than `builtin`.
    #[error("only builtin plays every claim (--all); a QEMU cannot take most of them")]
    ClaimsOfQemu,
    /// A report that `--resume` cannot continue.
    #[error("cannot resume from {path}: {why}")]
    NotResumed {
        /// The report.
        path: PathBuf,
        /// The difference from the requested sweep.
        why: String,
    },
    /// The command was built without a mode matrix.
    #[error("this imglock contains no mode matrix to compare with")]
    NoMatrix,
    /// `hold` failed.
    #[error(transparent)]
    Hold(#[from] HoldFailure),
    /// Stopped before there was a result.
    #[error("interrupted")]
    Interrupted,
}

impl From<RaceError> for Failure {
    fn from(error: RaceError) -> Failure {
        match error {
            RaceError::Harness(error) => Failure::Harness(error),
            other => Failure::Race(other),
        }
    }
}

impl From<SelfTestError> for Failure {
    fn from(error: SelfTestError) -> Failure {
        match error {
            SelfTestError::Harness(error) => Failure::Harness(error),
            SelfTestError::Race(error) => error.into(),
            other => Failure::NotTried { why: other.to_string() },
        }
    }
}

impl Failure {
    /// Turns an error of writing an output file into a failure.
    pub fn unwritable(file: Written, path: &Path) -> impl Fn(io::Error) -> Failure {
        move |source| Failure::Unwritable { file, path: path.to_owned(), source }
    }

    /// Turns an error of reading `path` into a failure.
    pub fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure {
        move |source| Failure::Unreadable { path: path.to_owned(), source }
    }
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(" or ")
}

/// The error text of a survey, without Rust's `(os error N)`.
fn not_surveyed(error: &SurveyError) -> String {
    match error {
        SurveyError::Image { path, source } => {
            format!("cannot examine {}: {}", path.display(), describe(source))
        }
        _ => error.to_string(),
    }
}
