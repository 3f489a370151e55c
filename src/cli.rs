use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use imglock_harness::lock::Backend;

use crate::exit::ExitCode;

/// Finds out whether disk image locks hold.
///
/// Starts real processes that open the same image with declared modes, lets
/// the running kernel decide, and judges every outcome by what the scenario
/// says, by a model, and by the contract that of several conflicting openers
/// only the first succeeds.
///
/// Without a command it runs every scenario it carries, as `imglock run` does.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Option<Command>,
    /// When to use colour; NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Say on standard error what is done (-vv: every message).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and judge what comes of them.
    Run(RunArgs),
    /// List the scenarios, by theme.
    List(ListArgs),
    /// Tell a scenario's story: who does what when, and what is expected.
    Explain(ExplainArgs),
    /// Say whether scenario files are well formed, without running them.
    Check(CheckArgs),
    /// Measure every pair of modes on this kernel and compare with the rules.
    Matrix(MatrixArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page.
    Man(ManArgs),
}

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
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Also write a report into a file: json=FILE or junit=FILE.
    ///
    /// The file is made before the run and replaced whole while it goes on,
    /// at most ten times a second and at the end, so it can be read at any
    /// time.
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = parse_report)]
    pub reports: Vec<ReportTarget>,
    /// What goes to standard output.
    #[arg(long, default_value = "human")]
    pub format: RunFormat,
    /// Keep the scratch directories and say where they are.
    #[arg(long)]
    pub keep: bool,
}

/// On which locks; shared by several commands.
#[derive(Debug, Args)]
pub struct BackendArgs {
    /// Only with these locks.
    #[arg(
        long = "backend",
        value_name = "BACKEND",
        value_delimiter = ',',
        default_value = "ofd,posix",
        value_parser = backend_parser()
    )]
    given: Vec<Backend>,
}

impl BackendArgs {
    /// Each backend that was asked for, once, in the usual order.
    pub fn backends(&self) -> Vec<Backend> {
        Backend::ALL.into_iter().filter(|backend| self.given.contains(backend)).collect()
    }
}

/// Where the images are made and how long things may take.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Where images are made: the file system whose locks are tried
    /// [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How many scenarios run at a time [default: the available cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// How long one step may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub timeout: Duration,
}

/// What `list` reads.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// As for `run`.
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// What goes to standard output.
    #[arg(long, default_value = "human")]
    pub format: ListFormat,
}

/// What `explain` reads.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A scenario's name, or a file.
    #[arg(value_name = "NAME|FILE")]
    pub scenario: String,
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
}

/// What `check` reads.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files, or folders of them.
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
}

/// What `matrix` reads.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// On which locks.
    #[command(flatten)]
    pub backends: BackendArgs,
    /// Where and how.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// What `completions` reads.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell.
    pub shell: clap_complete::Shell,
}

/// What `man` reads.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The page of this command instead of the main one.
    pub command: Option<String>,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Even into a pipe or a file.
    Always,
    /// Not at all.
    Never,
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

/// `list --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For reading.
    Human,
    /// One JSON document.
    Json,
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
    /// `json=FILE`.
    Json,
    /// `junit=FILE`.
    Junit,
}

impl Cli {
    /// Reads the command line; ends the process for help and wrong usage.
    pub fn read() -> Cli {
        let matches = Cli::definition().get_matches();
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line as clap describes it, with the exit codes in its help.
    pub fn definition() -> clap::Command {
        let mut exits = String::from("Exit codes:\n");
        for exit in ExitCode::ALL {
            let _ = writeln!(exits, "{:>5}  {}", exit.number(), exit.meaning());
        }
        Cli::command().after_help(exits.trim_end().to_owned())
    }

    /// What to do; `run` when nothing was said.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| {
            let matches = Cli::command().get_matches_from(["imglock", "run"]);
            let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            cli.command.unwrap_or(Command::Man(ManArgs { command: None }))
        })
    }
}

fn backend_parser() -> impl TypedValueParser<Value = Backend> {
    PossibleValuesParser::new(Backend::ALL.map(Backend::name))
        .try_map(|word| word.parse::<Backend>())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 =
        text.parse().map_err(|_| "write a number of seconds, such as 0.5".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("it must be more than 0 seconds, and a finite number".to_owned()),
    }
}

fn parse_report(text: &str) -> Result<ReportTarget, String> {
    let (kind, path) = text.split_once('=').unwrap_or((text, ""));
    let kind = match kind {
        "json" => ReportKind::Json,
        "junit" => ReportKind::Junit,
        _ => return Err("write json=FILE or junit=FILE".to_owned()),
    };
    if path.is_empty() {
        return Err("the file's name is missing; write json=FILE or junit=FILE".to_owned());
    }
    Ok(ReportTarget { kind, path: PathBuf::from(path) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::definition().debug_assert();
    }

    #[rstest::rstest]
    #[case("0")]
    #[case("-1")]
    #[case("soon")]
    #[case("inf")]
    #[case("nan")]
    #[case("1e-12")]
    fn a_timeout_that_is_none_is_refused(#[case] text: &str) {
        assert!(parse_seconds(text).is_err());
    }

    #[test]
    fn a_timeout_may_be_fractional() {
        assert_eq!(parse_seconds("0.25"), Ok(Duration::from_millis(250)));
    }
}
