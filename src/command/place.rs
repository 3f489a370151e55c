use std::path::{Path, PathBuf};

use imglock_harness::process::StopToken;
use imglock_harness::run::SessionOptions;

use crate::cli::PlaceArgs;
use crate::failure::Failure;

/// The directory that `--dir` names, or the temporary one.
///
/// # Errors
/// When it is no directory.
pub fn directory(place: &PlaceArgs) -> Result<PathBuf, Failure> {
    let path = place.dir.clone().unwrap_or_else(std::env::temp_dir);
    // Listing it finds out that it is there, is a directory and may be used.
    match std::fs::read_dir(&path) {
        Ok(_) => Ok(path),
        Err(source) => Err(Failure::Directory { path, source }),
    }
}

/// How the engine is to run in `directory`.
pub fn session_options(
    place: &PlaceArgs,
    directory: &Path,
    keep: bool,
    stop: StopToken,
) -> SessionOptions {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    SessionOptions {
        directory: directory.to_owned(),
        jobs: place.jobs.map_or_else(cores, usize::from),
        step_timeout: place.timeout,
        keep,
        stop,
        program: SessionOptions::this_program(),
    }
}
