use imglock_core::Verdict;
use imglock_engine::{LauncherOptions, ProcessError, StopToken};
use imglock_qemu::{DrillOptions, DrillPractice};

use crate::cli::QemuArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Starts the environment of drills and recipes.
pub fn practice(args: &QemuArgs, stop: &StopToken) -> Result<DrillPractice, Failure> {
    DrillPractice::start(&drill_options(args, stop)).map_err(failure)
}

/// The options of drills.
pub fn drill_options(args: &QemuArgs, stop: &StopToken) -> DrillOptions {
    DrillOptions { launcher: launcher_options(args, stop), step_timeout: args.timeout }
}

/// The options of a launcher with its images in the directory of `args`.
pub fn launcher_options(args: &QemuArgs, stop: &StopToken) -> LauncherOptions {
    LauncherOptions::new(args.images.directory(), stop.clone())
}

/// The result of one run, or [`Failure::Interrupted`] after a stop.
pub fn unless_stopped<T>(stop: &StopToken, result: Result<T, ProcessError>) -> Result<T, Failure> {
    match stop.is_stopped() {
        true => Err(Failure::Interrupted),
        false => result.map_err(failure),
    }
}

/// The exit code for verdicts and their reasons.
///
/// # Errors
/// Every run was skipped.
pub fn exit<'a>(runs: impl Iterator<Item = (Verdict, &'a str)>) -> Result<ExitCode, Failure> {
    let runs: Vec<_> = runs.collect();
    let first = |verdict| runs.iter().find(|run| run.0 == verdict);
    if first(Verdict::Failed).or(first(Verdict::TimedOut)).is_some() {
        return Ok(ExitCode::Failed);
    }
    match (first(Verdict::Passed), first(Verdict::Skipped)) {
        (None, Some((_, why))) => Err(Failure::NotTried { why: (*why).to_owned() }),
        _ => Ok(ExitCode::AsExpected),
    }
}

fn failure(error: ProcessError) -> Failure {
    Failure::Harness(error.into())
}
