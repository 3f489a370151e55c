use imglock_harness::drill::{DrillOptions, Practice};
use imglock_harness::process::{LauncherOptions, ProcessError, StopToken};

use crate::cli::QemuArgs;
use crate::failure::Failure;

/// Where drills and recipes are carried out.
pub fn practice(args: &QemuArgs, stop: &StopToken) -> Result<Practice, Failure> {
    Practice::start(&drill_options(args, stop)).map_err(failure)
}

/// How drills are carried out.
pub fn drill_options(args: &QemuArgs, stop: &StopToken) -> DrillOptions {
    DrillOptions { launcher: launcher_options(args, stop), step_timeout: args.timeout }
}

/// A launcher that makes its images where `args` say.
pub fn launcher_options(args: &QemuArgs, stop: &StopToken) -> LauncherOptions {
    LauncherOptions::new(args.directory(), stop.clone())
}

/// What came of one run, unless the user has stopped it.
pub fn unless_stopped<T>(stop: &StopToken, result: Result<T, ProcessError>) -> Result<T, Failure> {
    match stop.is_stopped() {
        true => Err(Failure::Interrupted),
        false => result.map_err(failure),
    }
}

fn failure(error: ProcessError) -> Failure {
    Failure::Harness(error.into())
}
