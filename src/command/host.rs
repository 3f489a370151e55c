use imglock_engine::{Environment, Job, SessionOptions, StopToken, Tour};

use super::{fault, place};
use crate::cli::RunArgs;
use crate::failure::Failure;

/// The run of the guests under the running kernel. `guests` are the names of
/// the guests' kernels. Call this early, as [`Tour::prepare`].
///
/// # Errors
/// A file system is requested and nothing can be mounted.
pub fn host(
    guest: &RunArgs,
    jobs: &[Job],
    guests: &[String],
    stop: &StopToken,
) -> Result<Tour, Failure> {
    let directory = guest.place.images.directory();
    let mut kernel = Environment::at(&directory).kernel;
    if guests.contains(&kernel) {
        kernel += "~host";
    }
    let options = SessionOptions {
        deny_ofd: guest.subjects.deny_ofd,
        fault: fault::planted(&guest.plant)?,
        ..place::session_options(&guest.place, &directory, false, stop.clone())
    };
    Ok(Tour::prepare(jobs.to_vec(), &guest.file_systems(), options)?.under(kernel))
}
