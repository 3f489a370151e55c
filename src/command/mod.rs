//! One file per subcommand: it reads the arguments, calls the engine and
//! prints the results.

mod baseline;
mod check;
mod claims;
mod compare;
#[cfg(feature = "vm")]
mod console_files;
mod explain;
mod explore;
mod fault;
mod generate;
mod handover;
mod hold;
mod holders;
#[cfg(feature = "vm")]
mod host;
mod judge_history;
mod known;
mod list;
mod matrix;
mod modes;
mod place;
mod practice;
mod probe;
mod race;
mod repro;
mod run;
mod run_log;
mod seed;
mod self_test;
mod subject;
#[cfg(feature = "vm")]
mod vm;

use crate::cli::{Cli, Command};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::output::Output;

/// Runs the subcommand.
///
/// # Errors
/// A failure of the command. A failed scenario or check is an exit code.
pub fn run(cli: Cli, output: &mut Output) -> Result<ExitCode, Failure> {
    let quiet = cli.verbose == 0;
    match cli.into_command() {
        Command::Run(args) => run::run(args, quiet, output),
        Command::List(args) => list::list(args, output),
        Command::Explain(args) => explain::explain(args, output),
        Command::Explore(args) => explore::explore(args, quiet, output),
        Command::Check(args) => check::check(args, output),
        Command::Compare(args) => compare::compare(args, output),
        Command::Matrix(args) if args.all => claims::claims(args, quiet, output),
        Command::Matrix(args) => matrix::matrix(args, output),
        Command::Modes(args) => modes::modes(args, output),
        Command::Race(args) => race::race(args, quiet, output),
        Command::Probe(args) => probe::probe(args, output),
        Command::Hold(args) => hold::hold(args, output),
        Command::Holders(args) => holders::holders(args, output),
        Command::Repro(args) => repro::repro(args, output),
        Command::Handover(args) => handover::handover(args, output),
        Command::SelfTest(args) => self_test::self_test(args, quiet, output),
        Command::JudgeHistory(args) => judge_history::judge_history(args, quiet, output),
        #[cfg(feature = "vm")]
        Command::Vm(args) => vm::vm(args, quiet, output),
        #[cfg(not(feature = "vm"))]
        Command::Vm(_) => Err(Failure::NoVm),
        Command::Completions(args) => generate::completions(args, output),
        Command::Man(args) => generate::man(args, output),
    }
}
