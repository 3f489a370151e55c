use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{BackendArgs, PlaceArgs, SubjectArgs};

/// What `run` reads.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A scenario's name, its last part, a theme, a glob over names
    /// (`posix/*`), or a file or folder of your own (`./posix` when a theme
    /// has the same name); all that imglock carries when left out.
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Who plays.
    #[command(flatten)]
    pub subjects: SubjectArgs,
    /// Play each scenario of two processes with every pair of `builtin` and the
    /// subjects (every QEMU there is when none is named), and report each that
    /// does not come out the same.
    #[arg(long)]
    pub mix: bool,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Also write a report into a file: html=FILE, json=FILE or junit=FILE.
    ///
    /// The file is made before the run and replaced whole while it goes on,
    /// at most ten times a second and at the end, so it can be read at any
    /// time. An HTML page is only written before the run and at its end; it
    /// also shows the mode matrix, measured after the scenarios.
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = parse_report)]
    pub reports: Vec<ReportTarget>,
    /// What goes to standard output.
    #[arg(long, default_value = "human")]
    pub format: RunFormat,
    /// Draw every run after its result: who did what when, what came of it,
    /// and which locks came and went.
    ///
    /// It belongs to the human format; what it is drawn from is in the JSON
    /// report, whole.
    #[arg(long)]
    pub trace: bool,
    /// Plant a fault into the workers, to see how it shows in a report;
    /// `imglock self-test --list` says which there are.
    ///
    /// Whatever comes of such a run says nothing about this machine, and every
    /// report says so.
    #[arg(long, value_name = "FAULT")]
    pub plant: Option<String>,
    /// Keep the scratch directories and say where they are.
    #[arg(long)]
    pub keep: bool,
}

/// `run --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// A line a scenario, failures in full, a summary.
    Human,
    /// One JSON document, at the end.
    Json,
    /// The kernel's Test Anything Protocol, version 1.
    Ktap,
}

/// A report file that was asked for.
#[derive(Debug, Clone)]
pub struct ReportTarget {
    /// In which format.
    pub kind: ReportKind,
    /// Where.
    pub path: PathBuf,
}

/// The formats of report files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// `html=FILE`.
    Html,
    /// `json=FILE`.
    Json,
    /// `junit=FILE`.
    Junit,
}

fn parse_report(text: &str) -> Result<ReportTarget, String> {
    let (kind, path) = text.split_once('=').unwrap_or((text, ""));
    let kind = match kind {
        "html" => ReportKind::Html,
        "json" => ReportKind::Json,
        "junit" => ReportKind::Junit,
        _ => return Err("write html=FILE, json=FILE or junit=FILE".to_owned()),
    };
    if path.is_empty() {
        return Err(
            "the file's name is missing; write html=FILE, json=FILE or junit=FILE".to_owned()
        );
    }
    Ok(ReportTarget { kind, path: PathBuf::from(path) })
}
