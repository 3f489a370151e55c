use std::path::Path;
use std::time::Duration;

use imglock_harness::drill::{DrillOptions, Practice};
use imglock_harness::process::{LauncherOptions, ProcessError, StopToken};
use imglock_harness::run::SessionOptions;

use crate::failure::Failure;

/// A launcher that makes its images in `directory`.
pub fn practice(
    directory: &Path,
    step_timeout: Duration,
    stop: &StopToken,
) -> Result<Practice, Failure> {
    let launcher = LauncherOptions {
        program: SessionOptions::this_program(),
        directory: directory.to_owned(),
        keep: false,
        deny_ofd: false,
        stop: stop.clone(),
    };
    Practice::start(&DrillOptions { launcher, step_timeout }).map_err(failure)
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
