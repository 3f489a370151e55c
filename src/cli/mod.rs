//! What the command line may say.

mod compare;
mod explore;
mod handover;
mod hold;
mod holders;
mod judge_history;
mod long;
mod matrix;
mod modes;
mod place;
mod probe;
mod qemu;
mod race;
mod report;
mod repro;
mod run;
mod self_test;
mod subject;
mod vm;

pub use compare::{CompareArgs, CompareFormat};
pub use explore::ExploreArgs;
pub use handover::HandoverArgs;
pub use hold::HoldArgs;
pub use holders::HoldersArgs;
pub use judge_history::JudgeHistoryArgs;
pub use long::LongArgs;
pub use matrix::{ClaimArgs, MatrixArgs};
pub use modes::ModesArgs;
pub use place::{BackendArgs, PlaceArgs};
pub use probe::ProbeArgs;
pub use qemu::QemuArgs;
pub use race::RaceArgs;
pub use report::{ReportArgs, ReportKind, ReportTarget, RunFormat};
pub use repro::ReproArgs;
pub use run::RunArgs;
pub use self_test::SelfTestArgs;
pub use subject::{Cast, SubjectArgs};
pub use vm::{NotInAGuest, VmArgs};

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

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
    /// Say whether files of scenarios or known failures are well formed, without running anything.
    Check(CheckArgs),
    /// Say what is different between reports of runs: what broke, and what else changed.
    ///
    /// OLD and NEW are what `imglock run --report json=FILE` wrote. Runs are
    /// matched by place, scenario, backend and who plays; the file system is
    /// what makes a place, so one kernel can be compared with another. Of all
    /// that broke it shows the first step that is not the same.
    ///
    /// A run that fails in NEW and does not fail in OLD is broken, whether OLD
    /// has it passed, skipped or not at all. A failure that NEW knows of
    /// (--known) never is. Exit code 1 says that something broke.
    Compare(CompareArgs),
    /// Try random scenarios, and compare what comes of each step with the model.
    ///
    /// Several processes open, lock, fork, send descriptors, wait and die, in
    /// steps that are drawn by chance from what makes sense at that point. Model
    /// and contract judge each of them, and the lock table after it. A difference
    /// is made as small as it gets and written as a scenario for `imglock run`.
    Explore(ExploreArgs),
    /// Measure every pair of modes, or of claims, on this kernel and compare with the rules.
    Matrix(MatrixArgs),
    /// Bring real QEMU into every mode, and compare what it has locked then.
    ///
    /// A mode is what QEMU locks when it is asked in a common way. Each way is
    /// tried with every QEMU there is: command lines, block jobs, exports, and
    /// tools that are held in the middle of what they do. No guest code runs.
    Modes(ModesArgs),
    /// Release openers at the same moment, again and again: do two ever have the image?
    ///
    /// In each round every opener is drawn a mode and opens one image; whoever
    /// is granted proves that it has it, and closes. Two witnesses watch: what
    /// each opener believes to hold, in memory that all of them share, and a
    /// counter in the image itself, of which none may be lost. All that they
    /// did is a history, and that is judged too.
    ///
    /// Of two breaches that POSIX locks are known for, `same-owner` and
    /// `lock-loss`, it says that they happened; any other ends with exit code 1.
    Race(RaceArgs),
    /// Find out what locking is worth on a file system, and what that means for QEMU.
    Probe(ProbeArgs),
    /// Say who has locks on an image, and what they let others do.
    Holders(HoldersArgs),
    /// Take the locks that QEMU would take on an image, and run a command meanwhile.
    ///
    /// Like flock(1), but with QEMU's lock bytes: QEMU, its tools and other
    /// imglocks are refused while a conflicting mode is held, and it is refused
    /// while they hold one. The locks end with COMMAND, or, without one, when
    /// Ctrl-C, SIGTERM, SIGHUP or SIGQUIT comes.
    ///
    /// COMMAND finds the image's absolute path in IMGLOCK_IMAGE. Signals that a
    /// process sends to imglock are passed on to it; those of the terminal reach
    /// it anyway. imglock ends after it, so the locks outlast it.
    ///
    /// It works with files and block devices, and writes nothing to them.
    Hold(HoldArgs),
    /// Show how a real QEMU loses its image locks, step by step.
    ///
    /// QEMU is told its own commands, in the fallback to POSIX locks that it
    /// takes where OFD locks are missing (a seccomp filter refuses them; no root
    /// needed). After each step the locks are shown; at the end a second QEMU
    /// opens the image that the first one still writes to. No guest code runs.
    ///
    /// Without NAME, all of them are listed.
    Repro(ReproArgs),
    /// Measure how long nobody holds an image while its guest moves to another QEMU.
    ///
    /// A guest of two instructions is moved from one qemu-system to another on
    /// this host, again and again: the source gives its locks up, and the
    /// destination takes them a moment later. That moment is measured for each
    /// way to start the destination, and an opener keeps trying to slip in.
    Handover(HandoverArgs),
    /// Plant faults, one at a time, and find out whether anybody would notice.
    ///
    /// Each fault is something that can be wrong with locks or with a program
    /// that takes them. It is planted into imglock's own workers, and then
    /// hunters look for it: the scenarios, the mode matrix, the sweep over all
    /// claims, random scenarios and a race. The table says who noticed it, where,
    /// and how soon. A fault that nobody notices fails the command, and so does a
    /// hunter that finds something where no fault is planted.
    #[command(
        mut_arg("timeout", |timeout| timeout.default_value("1")),
        mut_arg("jobs", |jobs| {
            jobs.help("How many faults are planted at a time [default: the available cores]")
        })
    )]
    SelfTest(SelfTestArgs),
    /// Say whether openers that wrote down what they did kept to the contract.
    ///
    /// Whoever opens images notes when, what it claims, what the answer was and
    /// when it let go: `race --history` does, and any other program can. This
    /// command then says that no two conflicting openers had an image at the same
    /// time, that every refusal had a cause and that every lock was let go; or it
    /// shows the few events that prove the contrary, as a timeline. Without those
    /// it says that time stamps are too close together to know.
    ///
    /// docs/history.md has the format.
    JudgeHistory(JudgeHistoryArgs),
    /// Boot other kernels, and run scenarios there: does this kernel keep image locks?
    ///
    /// Each kernel is started in QEMU with nothing but this very program in it,
    /// which runs `imglock run ARGS`; what comes of it is reported here, one
    /// column for each kernel and file system. A kernel that panics, hangs or
    /// says nothing is a result, too. It takes no root: the guest has its own.
    ///
    /// imglock vm --kernel linux-image-6.1*.deb -- --fs ext4,tmpfs contract
    #[command(verbatim_doc_comment)]
    Vm(VmArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
    /// Print the manual page.
    Man(ManArgs),
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
    /// Files of scenarios or known failures, or folders of them.
    #[arg(value_name = "FILE", required = true)]
    pub paths: Vec<PathBuf>,
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

/// `list --format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For reading.
    Human,
    /// One JSON document.
    Json,
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
        let _ = write!(exits, "{:>5}  {}", "N", ExitCode::OF_HOLD);
        Cli::command().after_help(exits)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::definition().debug_assert();
    }
}
