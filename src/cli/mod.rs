//! The command line: one file per subcommand, and the options they share.

mod choice;
mod compare;
mod directory;
mod explore;
mod handover;
mod hold;
mod holders;
mod judge_history;
mod long;
mod matrix;
mod modes;
mod place;
mod plant;
mod probe;
mod qemu;
mod race;
mod report;
mod repro;
mod run;
mod seconds;
mod self_test;
mod subject;
#[cfg(feature = "vm")]
mod vm;

pub use choice::chosen;
#[cfg(feature = "vm")]
pub use choice::once;
pub use compare::{CompareArgs, CompareFormat};
pub use directory::{DirectoryArgs, QemuDirArgs};
pub use explore::ExploreArgs;
pub use handover::HandoverArgs;
pub use hold::HoldArgs;
pub use holders::HoldersArgs;
pub use judge_history::JudgeHistoryArgs;
pub use long::LongArgs;
pub use matrix::{ClaimArgs, MatrixArgs};
pub use modes::ModesArgs;
pub use place::{BackendArgs, PlaceArgs};
pub use plant::PlantArgs;
pub use probe::ProbeArgs;
pub use qemu::QemuArgs;
pub use race::RaceArgs;
pub use report::{ReportArgs, ReportKind, ReportTarget, RunFormat};
pub use repro::ReproArgs;
pub use run::RunArgs;
pub use self_test::SelfTestArgs;
pub use subject::{Cast, SubjectArgs};
#[cfg(feature = "vm")]
pub use vm::{NotInAGuest, VmArgs};

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::exit::ExitCode;

/// Tests whether disk image locks work.
///
/// imglock starts real processes that open the same image in declared modes.
/// The running kernel decides which of them succeed. imglock judges every
/// outcome by the scenario, by a model, and by the contract: of several
/// conflicting openers only the first succeeds.
///
/// Without a command, imglock runs all built-in scenarios, as `imglock run`
/// does.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    command: Option<Command>,
    /// When to use colour; the variable NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Print debug messages on standard error (-vv: all messages).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and judge their results.
    Run(RunArgs),
    /// List the scenarios by theme.
    List(ListArgs),
    /// Describe a scenario: its processes, their steps, and the expected outcomes.
    Explain(ExplainArgs),
    /// Check that scenario files and known-failure files are well formed, without running them.
    Check(CheckArgs),
    /// Compare reports of runs and list broken runs and other changes.
    ///
    /// OLD and NEW are reports from `imglock run --report json=FILE`. Runs are
    /// matched by place, scenario, backend and subject. The file system
    /// identifies the place, so that one kernel can be compared with another.
    /// For each broken run, the first step that differs is shown.
    ///
    /// A run is broken if it fails in NEW and does not fail in OLD: there it
    /// passed, was skipped, or is missing. An expected failure of NEW (--known)
    /// is never broken. Exit code 1 means that a run is broken.
    Compare(CompareArgs),
    /// Run random scenarios and compare each step with the model.
    ///
    /// Several processes open, lock, fork, send descriptors, wait and die. Each
    /// step is drawn at random from the steps that are possible at that point.
    /// Model and contract judge each step and the lock table after it. A
    /// scenario that differs from the model is reduced as far as possible and
    /// written as a scenario for `imglock run`.
    Explore(ExploreArgs),
    /// Test every pair of modes or claims on this kernel and compare with the rules.
    Matrix(MatrixArgs),
    /// Start real QEMUs in every mode and compare their locks with the expected ones.
    ///
    /// A mode is the set of locks that QEMU takes for a common use of an image.
    /// Each use is tried with every QEMU found: command lines, block jobs,
    /// exports, and tools that are paused in the middle of their work. No guest
    /// code runs.
    Modes(ModesArgs),
    /// Let processes open an image at the same moment and check that conflicting ones are refused.
    ///
    /// In each round, every opener draws a random mode and opens the same
    /// image. An opener that is granted the image proves that it has it, and
    /// closes it. Two witnesses watch for breaches: a table in shared memory,
    /// in which each opener records its locks, and a counter in the image
    /// itself, of which no increment may be lost. All events form a history,
    /// which is judged as well.
    ///
    /// Two kinds of breach are known hazards of POSIX locks: `same-owner` and
    /// `lock-loss`. They are reported and do not affect the exit code. Any other
    /// breach ends with exit code 1.
    Race(RaceArgs),
    /// Test the locks of a file system and report what they mean for QEMU.
    Probe(ProbeArgs),
    /// List the processes that hold locks on an image, and what they let others do.
    ///
    /// Use it after QEMU's error `Failed to get "write" lock. Is another process
    /// using the image?`. It takes no lock itself. It asks the kernel, so it
    /// notices holders on other hosts, behind a file server and in other
    /// containers, and it names those of this host. Root sees all processes;
    /// other users see their own.
    ///
    /// Exit code 0: free, or granted; 1: in use, or refused; 4: unknown.
    Holders(HoldersArgs),
    /// Hold an image with the locks that QEMU would take, while a command runs.
    ///
    /// Like flock(1), but with QEMU's lock bytes: QEMU, its tools and other
    /// imglock processes cannot open the image in a conflicting mode while
    /// imglock holds it, and imglock cannot hold it while they have it open. The
    /// locks are released when COMMAND ends or, without COMMAND, on Ctrl-C,
    /// SIGTERM, SIGHUP or SIGQUIT.
    ///
    /// The variable IMGLOCK_IMAGE contains the absolute path of the image for
    /// COMMAND. Signals that a process sends to imglock are passed on to
    /// COMMAND; signals of the terminal reach COMMAND directly. imglock ends
    /// after COMMAND, so the locks are held as long as COMMAND runs.
    ///
    /// The image can be a regular file or a block device. Its contents are not
    /// changed.
    Hold(HoldArgs),
    /// Show step by step how a real QEMU loses its image locks.
    ///
    /// A drill is a sequence of QEMU's own commands. QEMU runs it with POSIX
    /// locks, its fallback where OFD locks are missing (a seccomp filter denies
    /// them; this does not need root). The locks are shown after each step. At
    /// the end, a second QEMU opens the image while the first QEMU still writes
    /// to it. No guest code runs.
    ///
    /// Without NAME, all drills are listed.
    Repro(ReproArgs),
    /// Measure how long an image is unlocked while its guest moves to another QEMU.
    ///
    /// A guest of two instructions is migrated from one qemu-system to another
    /// on this host, many times. The source releases its locks, and the
    /// destination acquires them a moment later. The time between is measured
    /// for each way to start the destination, also while another opener keeps
    /// trying to open the image.
    Handover(HandoverArgs),
    /// Plant faults, one at a time, and check that imglock's detectors find them.
    ///
    /// Each fault is an error that locks, or a program that takes locks, can
    /// have. It is planted in imglock's own workers. Then the detectors run: the
    /// scenarios, the mode matrix, the sweep over all claims, random scenarios
    /// and a race. The table shows which detector found the fault, where, and
    /// how soon. The command fails if no detector finds a fault, or if a
    /// detector reports a fault where none is planted.
    #[command(
        mut_arg("timeout", |timeout| timeout.default_value("1")),
        mut_arg("jobs", |jobs| {
            jobs.help("Number of faults to test at the same time [default: the available cores]")
        })
    )]
    SelfTest(SelfTestArgs),
    /// Check a recorded history of image openings against the contract.
    ///
    /// A history records for each opening its time, its claim, the answer and
    /// the time of its release. `race --history` writes one, and any other
    /// program can. In a valid history, no two conflicting openers had an image
    /// at the same time, every refusal had a cause, and every lock was released.
    /// For an invalid history, a timeline shows the few events that prove it.
    /// Otherwise the verdict is unknown: the time stamps are too close together.
    ///
    /// docs/history.md describes the format.
    JudgeHistory(JudgeHistoryArgs),
    /// Boot other kernels in QEMU and run scenarios on them.
    ///
    /// The guest contains only this imglock program, which runs
    /// `imglock run ARGS`. The results are reported here, with one column for
    /// each kernel and file system. A kernel that panics, hangs or prints nothing
    /// is also a result. This does not need root; imglock is root in the guest.
    #[cfg(feature = "vm")]
    Vm(VmArgs),
    /// Not in this build, which lacks the feature `vm`.
    #[cfg(not(feature = "vm"))]
    #[command(hide = true, disable_help_flag = true)]
    Vm(NoVmArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page.
    Man(ManArgs),
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Scenarios to list: names, themes, globs (`posix/*`), or your own files
    /// or folders, as for `run` [default: all built-in scenarios].
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// Format of standard output.
    #[arg(long, default_value = "human")]
    pub format: ListFormat,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Name of a scenario, or a scenario file.
    #[arg(value_name = "NAME|FILE")]
    pub scenario: String,
    /// The lock types.
    #[command(flatten)]
    pub backends: BackendArgs,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files, known-failure files, or folders that contain them.
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
}

/// Any arguments of `vm` in a build without it, so that all of them give the same error.
#[cfg(not(feature = "vm"))]
#[derive(Debug, Args)]
pub struct NoVmArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<std::ffi::OsString>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to print the script for.
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Print the page of this command instead of the main page.
    pub command: Option<String>,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Use colour on a terminal.
    Auto,
    /// Use colour in pipes and files as well.
    Always,
    /// Use no colour.
    Never,
}

/// `list --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Text for a terminal.
    Human,
    /// One JSON document.
    Json,
}

impl Cli {
    /// Reads the command line. Ends the process for help and on wrong usage.
    pub fn read() -> Cli {
        let matches = Cli::definition().get_matches();
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// clap's description of the command line, with the exit codes in the help.
    pub fn definition() -> clap::Command {
        let mut exits = String::from("Exit codes:\n");
        for exit in ExitCode::ALL {
            let _ = writeln!(exits, "{:>5}  {}", exit.number(), exit.meaning());
        }
        let _ = write!(exits, "{:>5}  {}", "N", ExitCode::OF_HOLD);
        Cli::command().after_help(exits)
    }

    /// The subcommand; `run` by default.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| {
            let matches = Cli::command().get_matches_from(["imglock", "run"]);
            let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
            cli.command.unwrap_or(Command::Man(ManArgs { command: None }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::definition().debug_assert();
    }
}
