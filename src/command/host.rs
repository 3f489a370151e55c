use std::path::Path;

use imglock_harness::process::{LauncherOptions, StopToken};
use imglock_harness::run::{Environment, Job, SessionOptions};
use imglock_harness::step::FileSystem;

use super::grounds::Grounds;
use super::run_log::RunLog;
use super::tour::Tour;
use super::{fault, place};
use crate::cli::RunArgs;
use crate::failure::Failure;

/// The running kernel, tested in addition to the kernels of the guests.
pub struct Host {
    grounds: Grounds,
    options: SessionOptions,
}

impl Host {
    /// Prepares the run of the guests for this kernel. `guests` are the names of
    /// the guests' kernels. Call this early, as [`Grounds::new`].
    ///
    /// # Errors
    /// A file system is requested and nothing can be mounted.
    pub fn new(
        guest: &RunArgs,
        jobs: &[Job],
        guests: &[String],
        stop: &StopToken,
    ) -> Result<Host, Failure> {
        let directory = guest.place.images.directory();
        let launcher = LauncherOptions::new(directory.clone(), stop.clone());
        let mut kernel = Environment::at(&directory).kernel;
        if guests.contains(&kernel) {
            kernel += "~host";
        }
        let grounds = Grounds::new(guest.file_systems(), launcher)?.under(kernel);
        let options = SessionOptions {
            deny_ofd: guest.subjects.deny_ofd,
            mounts: grounds.mounts(jobs.iter().map(|job| &*job.scenario)),
            fault: fault::planted(&guest.plant)?,
            ..place::session_options(&guest.place, &directory, false, stop.clone())
        };
        Ok(Host { grounds, options })
    }

    /// The file system to make at each place; `None` for an existing directory.
    pub fn kinds(&self) -> Vec<Option<FileSystem>> {
        self.grounds.kinds()
    }

    /// Runs the jobs and returns the failure that ended the run early, if any.
    ///
    /// # Errors
    /// A report cannot be written.
    pub fn run(&self, jobs: &[Job], log: &mut RunLog<'_>) -> Result<Option<Failure>, Failure> {
        let tour = Tour { jobs, options: &self.options, grounds: &self.grounds };
        let planted = self.options.fault;
        let environment = |directory: &Path| Environment { planted, ..Environment::at(directory) };
        Ok(tour.go(environment, log)?.broken)
    }
}
