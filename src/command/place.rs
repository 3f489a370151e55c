use std::path::{Path, PathBuf};

use imglock_harness::file_system::PrivateMounts;
use imglock_harness::process::StopToken;
use imglock_harness::run::SessionOptions;
use imglock_harness::scenario::Scenario;

use crate::cli::PlaceArgs;

/// The directory that `--dir` names, or the temporary one. Whether it can be
/// used is for the engine to find out.
pub fn directory(place: &PlaceArgs) -> PathBuf {
    place.dir.clone().unwrap_or_else(std::env::temp_dir)
}

/// How the engine is to run in `directory`.
pub fn session_options(
    place: &PlaceArgs,
    directory: &Path,
    keep: bool,
    stop: StopToken,
) -> SessionOptions {
    SessionOptions {
        jobs: lanes(place.jobs),
        step_timeout: place.timeout,
        keep,
        ..SessionOptions::new(directory.to_owned(), stop)
    }
}

/// A mount namespace of this command's own, where one of these scenarios mounts
/// something and this user may. It is to be entered before there is another
/// thread.
pub fn mounts<'s>(scenarios: impl IntoIterator<Item = &'s Scenario>) -> Option<PrivateMounts> {
    if !scenarios.into_iter().any(Scenario::mounts) {
        return None;
    }
    let entered = PrivateMounts::enter();
    entered.inspect_err(|why| tracing::debug!(%why, "nothing can be mounted")).ok()
}

/// How much to do at a time: what was asked for, or as there are cores.
pub fn lanes(jobs: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or_else(cores, usize::from)
}
