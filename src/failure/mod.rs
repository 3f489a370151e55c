//! What went wrong, told to the user.

mod hold;

pub use hold::{HoldFailure, in_qemus_words};

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use imglock_harness::file_system::SiteError;
use imglock_harness::handover::HandoverError;
use imglock_harness::history::Problem;
use imglock_harness::holders::SurveyError;
use imglock_harness::lock::Backend;
use imglock_harness::probe::ProbeError;
use imglock_harness::process::describe;
use imglock_harness::run::HarnessError;
use imglock_harness::scenario::ScenarioError;
use imglock_harness::step::FileSystem;
use imglock_harness::vm::{KernelError, PayloadError};
use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::cli::NotInAGuest;
use crate::exit::ExitCode;
use crate::phrase::{count, list};

/// Why a command could not do what it was asked.
///
/// A scenario that fails is none of these: that is a result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A pattern that selects nothing.
    #[error("nothing is called `{pattern}`{}", suggestion(.nearest.as_deref()))]
    NoMatch {
        /// What was asked for.
        pattern: String,
        /// What there is that looks most like it.
        nearest: Option<String>,
    },
    /// A fault that there is not.
    #[error("no fault is called `{name}`{}", match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; `imglock self-test --list` shows what there is".to_owned(),
    })]
    NoFault {
        /// What was asked for.
        name: String,
        /// The one that looks most like it.
        nearest: Option<&'static str>,
    },
    /// A folder without a scenario in it.
    #[error("{path} holds no scenario; scenarios are files that end in .kdl")]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// No selected scenario runs on the chosen backends.
    #[error("none of the selected scenarios runs on {}; choose another with --backend", names(.backends))]
    NoBackend {
        /// What was chosen.
        backends: Vec<Backend>,
    },
    /// No selected scenario makes sense on the file system.
    #[error(
        "the selected scenarios make sense on {} only; choose one with --fs",
        list(.wanted.iter().map(|one| one.name()))
    )]
    NoFileSystem {
        /// Those that they make sense on.
        wanted: BTreeSet<FileSystem>,
    },
    /// `--qemu-dir` without a QEMU.
    #[error(
        "{} holds none of QEMU's programs (qemu-storage-daemon, qemu-system-*, qemu-io, qemu-img); \
         name the folder they are in with --qemu-dir", directory.display()
    )]
    NoQemu {
        /// The folder.
        directory: PathBuf,
    },
    /// `--mix` without a QEMU.
    #[error(
        "there is no QEMU here to mix with; install qemu-storage-daemon (Debian: qemu-utils), or \
         name its folder with --qemu-dir"
    )]
    NothingToMix,
    /// No QEMU that can be told a drill's commands.
    #[error(
        "{why}; install it (Debian: qemu-system-x86, qemu-utils), or name its folder with --qemu-dir"
    )]
    NoPlayer {
        /// What is missing.
        why: String,
    },
    /// No QEMU could be told what there was to tell.
    #[error(
        "nothing could be tried: {why}; choose another directory with --dir, or another QEMU with \
         --qemu-dir"
    )]
    NotTried {
        /// What stood in the way.
        why: String,
    },
    /// `--mix`, and no selected scenario has two processes.
    #[error("none of the selected scenarios has just two processes, which --mix plays")]
    NoPairs,
    /// The command carries no scenario at all.
    #[error("this imglock carries no scenarios; name a file or folder of your own")]
    NoScenarios,
    /// Files of scenarios or known failures that are not well formed.
    #[error("{} not well formed", count(.0.len(), "file is", "files are"))]
    Invalid(Vec<ScenarioError>),
    /// A file that cannot be read.
    #[error("cannot read {path}: {}", describe(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that holds no report of runs.
    #[error("{path} is no report of runs: {why}; `imglock run --report json=FILE` writes one")]
    NoReport {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A history that is not well formed.
    #[error(transparent)]
    History(Problem),
    /// A report file that cannot be written.
    #[error("cannot write the report {path}: {}; choose another path with --report",
        describe(.source))]
    Report {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A scenario that cannot be written.
    #[error("cannot write {path}: {}; choose another place with --save", describe(.source))]
    Unwritable {
        /// The file, or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A history that cannot be written.
    #[error("cannot write the history {path}: {}; choose another path with --history",
        describe(.source))]
    HistoryFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One file for several scenarios.
    #[error(
        "several scenarios may come of this, and {path} is one file; name a folder, or one case \
         with --case on one --backend"
    )]
    SaveMany {
        /// The file.
        path: PathBuf,
    },
    /// A part of the cases that has none.
    #[error("no case is in this part; ask for more --cases, or for a larger part with --shard")]
    NoCases,
    /// A part of the runs that has none.
    #[error("no run is in this part; select more, or ask for a larger part with --shard")]
    EmptyShard,
    /// Something that a guest's run cannot be told.
    #[error("{} cannot be given after the --: {}", .0.option, .0.why)]
    NotInAGuest(NotInAGuest),
    /// A file that is no kernel, or modules that are not its own.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A program that cannot be taken into a guest.
    #[error(transparent)]
    Payload(PayloadError),
    /// A console's file that cannot be written.
    #[error("cannot write the console {path}: {}; choose another path with --console",
        describe(.source))]
    Console {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No file system can be made.
    #[error("{0}; run it as root, or name a directory that is there with --dir")]
    Site(#[from] SiteError),
    /// More than one race, and one history.
    #[error(
        "a history is that of one race, and these are {races}; choose one with --backend and --subject"
    )]
    SeveralHistories {
        /// How many there would be.
        races: usize,
    },
    /// Two reports into one file.
    #[error("two reports would go to {path}; give each a file of its own")]
    SameReport {
        /// The file.
        path: PathBuf,
    },
    /// A command that there is no manual page for.
    #[error("there is no command `{0}`; `imglock help` lists them")]
    NoCommand(String),
    /// The engine cannot run here.
    #[error(transparent)]
    Harness(#[from] HarnessError),
    /// No guest can be moved.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// A directory cannot be probed.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The engine gave fewer results than were asked for, and no reason.
    #[error("the run ended early: {ran} of {planned} ran; try again with -v to see why")]
    Incomplete {
        /// How many have a result.
        ran: usize,
        /// How many were asked for.
        planned: usize,
    },
    /// No fault could be planted.
    #[error(
        "no fault makes a difference on these locks, so nothing was tried; choose others with \
         --backend, or another directory with --dir"
    )]
    NoFaultTried,
    /// Every scenario was skipped.
    #[error(
        "every scenario was skipped, so nothing was tried; choose another directory with --dir, \
         or who plays with --subject"
    )]
    NothingRan,
    /// Locks cannot be looked at.
    #[error("{}", not_surveyed(.0))]
    Survey(#[from] SurveyError),
    /// Signals cannot be caught.
    #[error("cannot prepare for Ctrl-C: {}", describe(.0))]
    Signals(io::Error),
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {}", describe(.0))]
    Output(#[from] io::Error),
    /// `matrix --all` by somebody else than our own workers.
    #[error("only builtin plays every claim (--all); a QEMU has no way of asking for most of them")]
    ClaimsOfQemu,
    /// A report that cannot be gone on from.
    #[error("cannot go on from {path}: {why}")]
    NotResumed {
        /// The report.
        path: PathBuf,
        /// What is different.
        why: String,
    },
    /// A scenario file that cannot be written.
    #[error("cannot write {path}: {}; choose another folder with --save", describe(.source))]
    Unsaved {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command carries no mode matrix.
    #[error("this imglock carries no mode matrix to compare with")]
    NoMatrix,
    /// An image that cannot be held, or a command that cannot run meanwhile.
    #[error(transparent)]
    Hold(#[from] HoldFailure),
    /// Stopped before there was a result.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// What the shell is told.
    pub fn exit(&self) -> ExitCode {
        match self {
            Failure::NoMatch { .. }
            | Failure::NoFault { .. }
            | Failure::EmptyFolder { .. }
            | Failure::NoBackend { .. }
            | Failure::NoFileSystem { .. }
            | Failure::NoCases
            | Failure::EmptyShard
            | Failure::NoPairs
            | Failure::NoScenarios => ExitCode::NothingSelected,
            Failure::Invalid(_)
            | Failure::NotInAGuest(_)
            | Failure::Kernel(_)
            | Failure::Console { .. }
            | Failure::Unreadable { .. }
            | Failure::History(_)
            | Failure::NoReport { .. }
            | Failure::Report { .. }
            | Failure::ClaimsOfQemu
            | Failure::NotResumed { .. }
            | Failure::Unsaved { .. }
            | Failure::SameReport { .. }
            | Failure::SaveMany { .. }
            | Failure::Unwritable { .. }
            | Failure::HistoryFile { .. }
            | Failure::SeveralHistories { .. }
            | Failure::NoQemu { .. }
            | Failure::Survey(SurveyError::Image { .. })
            | Failure::NoCommand(_) => ExitCode::Usage,
            Failure::Harness(_)
            | Failure::Payload(_)
            | Failure::Site(_)
            | Failure::Handover(_)
            | Failure::Probe(_)
            | Failure::Incomplete { .. }
            | Failure::NothingRan
            | Failure::NoFaultTried
            | Failure::NothingToMix
            | Failure::NoPlayer { .. }
            | Failure::NotTried { .. }
            | Failure::NoMatrix
            | Failure::Survey(SurveyError::Proc(_))
            | Failure::Signals(_)
            | Failure::Output(_) => ExitCode::Environment,
            Failure::Hold(failure) => failure.exit(),
            Failure::Interrupted => ExitCode::Interrupted,
        }
    }

    /// Tells the user, and says how to exit.
    pub fn print(&self, mut errors: impl Write) -> ExitCode {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        if let Failure::Invalid(scenarios) = self {
            for error in scenarios {
                let _ = write!(errors, "{}", graphical(error));
            }
        }
        // Nobody is left to be told when standard error is gone too.
        let _ = writeln!(errors, "{red}error{red:#}: {self}");
        self.exit()
    }
}

/// A broken file with the spot pointed out.
pub fn graphical(error: &ScenarioError) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false);
    match handler.render_report(&mut text, error) {
        Ok(()) => text,
        Err(_) => format!("{error}\n"),
    }
}

fn not_surveyed(error: &SurveyError) -> String {
    match error {
        SurveyError::Image { path, source } => format!(
            "cannot look at {}: {}; name a file that you can reach, or /proc/PID/fd/N for one that \
             is deleted",
            path.display(),
            describe(source)
        ),
        SurveyError::Proc(_) => error.to_string(),
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; `imglock list` shows what there is".to_owned(),
    }
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(" or ")
}
