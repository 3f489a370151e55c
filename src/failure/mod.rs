//! The errors of the command: one sentence on the error, then a `help:` line
//! on what to do next. No other module, and no library, names options in the
//! text of an error.

mod advice;
mod engine;
mod exit;
mod hold;
mod results;
mod written;

pub use hold::{HoldFailure, in_qemus_words};
pub use results::advice_on_results;
pub use written::Written;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use imglock_core::{Backend, FileSystem};
use imglock_engine::{HarnessError, ProbeError, RaceError, SiteError, describe};
use imglock_locks::SurveyError;
use imglock_qemu::{HandoverError, KernelError, PayloadError};
use imglock_scenario::{HistoryProblem, ScenarioError};
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::cli::NotInAGuest;
use crate::exit::ExitCode;
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
    /// An option that a guest's run does not support.
    #[error("{} cannot be given after the --: {}", .0.option, .0.why)]
    NotInAGuest(NotInAGuest),
    /// A file that is not a kernel, or modules of another kernel.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A program that cannot be copied into a guest.
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
    #[error("{}", engine::not_surveyed(.0))]
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

impl Failure {
    /// Turns an error of reading `path` into a failure.
    pub fn unreadable(path: &Path) -> impl Fn(io::Error) -> Failure {
        move |source| Failure::Unreadable { path: path.to_owned(), source }
    }

    /// Prints the error and the advice, and returns the exit code.
    pub fn print(&self, mut errors: impl Write) -> ExitCode {
        let red = AnsiColor::Red.on_default().bold();
        if let Failure::Invalid(scenarios) = self {
            for error in scenarios {
                let _ = write!(errors, "{}", graphical(error));
            }
        }
        // If standard error is closed as well, there is no way to report it.
        let _ = writeln!(errors, "{red}error{red:#}: {self}");
        if let Some(advice) = self.advice() {
            help(&advice, errors);
        }
        self.exit()
    }
}

/// Prints a line of advice.
pub fn help(advice: &str, mut errors: impl Write) {
    let bold = Style::new().bold();
    // If standard error is closed, the advice is lost.
    let _ = writeln!(errors, "{bold}help{bold:#}: {advice}");
}

/// An invalid file, with its problems marked in its text.
fn graphical(error: &ScenarioError) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false);
    match handler.render_report(&mut text, error) {
        Ok(()) => text,
        Err(_) => format!("{error}\n"),
    }
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(" or ")
}
