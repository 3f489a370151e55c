use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The report options, shared by `run` and `vm`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Also write a report to a file: html=FILE, json=FILE or junit=FILE; can
    /// be repeated.
    ///
    /// The file is created before the run. During the run it is replaced as a
    /// whole, at most ten times a second and at the end, so it can be read at
    /// any time. An HTML page is written only before the run and at its end.
    /// The page also shows the mode matrix, which is measured after the
    /// scenarios, unless file systems or guests were made for the run.
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = parse_report)]
    pub reports: Vec<ReportTarget>,
    /// Format of standard output.
    #[arg(long, default_value = "human")]
    pub format: RunFormat,
    /// File with expected failures, in addition to the built-in ones; can be
    /// repeated. docs/compare.md describes the format.
    ///
    /// Expected failures do not affect the exit code; unexpected passes do.
    #[arg(long = "known", value_name = "FILE")]
    pub known: Vec<PathBuf>,
    /// Compare the run with the report of an earlier run (--report json=FILE).
    ///
    /// The comparison is printed last, as by `imglock compare`. It alone
    /// decides the exit code: 1 if a run is broken. A failure that the earlier
    /// run had as well does not count.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

/// `--format` of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// One line per scenario, failures in full, a summary.
    Human,
    /// One JSON document at the end.
    Json,
    /// One JSON object per line, printed during the run.
    JsonLines,
    /// The Linux kernel's Test Anything Protocol, version 1.
    Ktap,
}

/// A value of `--report`.
#[derive(Debug, Clone)]
pub struct ReportTarget {
    /// The format.
    pub kind: ReportKind,
    /// The file.
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
