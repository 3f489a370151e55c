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

/// The kernel that is running, beside those of the guests.
pub struct Host {
    grounds: Grounds,
    options: SessionOptions,
}

impl Host {
    /// Prepares what the guests are told for this kernel. `guests` are the
    /// names of theirs. As [`Grounds::new`], to be called early.
    ///
    /// # Errors
    /// When nothing can be mounted, and something has to be.
    pub fn new(
        guest: &RunArgs,
        jobs: &[Job],
        guests: &[String],
        stop: &StopToken,
    ) -> Result<Host, Failure> {
        let directory = place::directory(&guest.place);
        let launcher = LauncherOptions::new(directory.clone(), stop.clone());
        let mut kernel = Environment::at(&directory).kernel;
        if guests.contains(&kernel) {
            kernel += "~host";
        }
        let grounds = Grounds::new(guest.file_systems(), launcher)?.under(kernel);
        let options = SessionOptions {
            deny_ofd: guest.subjects.deny_ofd,
            mounts: grounds.mounts(jobs.iter().map(|job| &*job.scenario)),
            fault: guest.plant.as_deref().map(fault::named).transpose()?,
            ..place::session_options(&guest.place, &directory, false, stop.clone())
        };
        Ok(Host { grounds, options })
    }

    /// What it is run on.
    pub fn kinds(&self) -> Vec<Option<FileSystem>> {
        self.grounds.kinds()
    }

    /// Runs it, and says why it did not go on if it did not.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn run(&self, jobs: &[Job], log: &mut RunLog<'_>) -> Result<Option<Failure>, Failure> {
        let tour = Tour { jobs, options: &self.options, grounds: &self.grounds };
        let planted = self.options.fault;
        let environment = |directory: &Path| Environment { planted, ..Environment::at(directory) };
        Ok(tour.go(environment, log)?.broken)
    }
}
