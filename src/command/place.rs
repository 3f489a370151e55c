use std::path::Path;

use imglock_engine::{SessionOptions, StopToken};

use crate::cli::PlaceArgs;

/// The options of the engine for `directory`.
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

/// The number of jobs to run at the same time: `jobs`, or the available cores.
pub fn lanes(jobs: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or_else(cores, usize::from)
}
