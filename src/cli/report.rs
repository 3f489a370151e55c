use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a run is told; shared by `run` and those that run elsewhere.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Also write a report into a file: html=FILE, json=FILE or junit=FILE.
    ///
    /// The file is made before the run and replaced whole while it goes on,
    /// at most ten times a second and at the end, so it can be read at any
    /// time. An HTML page is only written before the run and at its end; it
    /// also shows the mode matrix, measured after the scenarios, unless places
    /// were made for the run.
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = parse_report)]
    pub reports: Vec<ReportTarget>,
    /// What goes to standard output.
    #[arg(long, default_value = "human")]
    pub format: RunFormat,
    /// A file that says which failures are known, besides those that imglock
    /// knows of; may be given more than once. docs/compare.md has the format.
    ///
    /// What fails as is known does not fail the command; what passes although
    /// it is known to fail does.
    #[arg(long = "known", value_name = "FILE")]
    pub known: Vec<PathBuf>,
    /// Compare with this report, which an earlier run wrote (--report json=FILE).
    ///
    /// The comparison comes last, as `imglock compare` has it, and decides the
    /// exit code alone: 1 when something broke. A failure that the earlier run
    /// had too is no news.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

/// `--format` of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// A line a scenario, failures in full, a summary.
    Human,
    /// One JSON document, at the end.
    Json,
    /// A JSON object a line, as things happen.
    JsonLines,
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
