use std::path::{Path, PathBuf};

use imglock_core::{FileSystem, PlaceName};

use super::TourObserver;
use super::places::{Places, Spot};
use crate::file_system::{PrivateMounts, Site, SiteError};
use crate::process::LauncherOptions;
use crate::run::{
    Environment, HarnessError, Job, Place, PlaceFate, ScenarioResult, Session, SessionOptions,
};
use crate::subject::SubjectProgram;

/// Jobs and the places under the running kernel at which they are run.
#[derive(Debug)]
pub struct Tour {
    jobs: Vec<Job>,
    options: SessionOptions,
    places: Places,
    kernel: Option<String>,
}

/// How a tour ended.
#[derive(Debug, Default)]
pub struct TourEnd {
    /// The scratch directories that were kept.
    pub kept: Vec<PathBuf>,
    /// The error that ended the tour early, if any. A file system on which no
    /// lock works ends its own place only.
    pub broken: Option<HarnessError>,
}

impl Tour {
    /// Prepares runs of `jobs` in the options' directory, or on each of
    /// `kinds`, made in that directory for the purpose.
    ///
    /// Call it in the main thread before other threads are started: to make
    /// file systems, and for scenarios that mount, it enters a private mount
    /// namespace ([`PrivateMounts::enter`]).
    ///
    /// # Errors
    /// File systems are requested and nothing can be mounted, or the directory
    /// cannot be used.
    pub fn prepare(
        jobs: Vec<Job>,
        kinds: &[FileSystem],
        options: SessionOptions,
    ) -> Result<Tour, SiteError> {
        let (mounts, places) = match kinds {
            [] => {
                let mounts = PrivateMounts::if_needed(jobs.iter().map(|job| &*job.scenario));
                (mounts, Places::Directory(options.directory.clone()))
            }
            kinds => {
                // No fault and no filter is meant for the server and the mounts.
                let launcher = LauncherOptions {
                    program: options.program.clone(),
                    ..LauncherOptions::new(options.directory.clone(), options.stop.clone())
                };
                let site = Site::open(&launcher)?;
                (Some(site.private().clone()), Places::Made(site, kinds.to_vec()))
            }
        };
        Ok(Tour { jobs, options: SessionOptions { mounts, ..options }, places, kernel: None })
    }

    /// Adds the name of the kernel to the names of the places, for a run under
    /// other kernels too.
    #[must_use]
    pub fn under(self, kernel: String) -> Tour {
        Tour { kernel: Some(kernel), ..self }
    }

    /// The jobs.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// The options, except the directory of each place.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// The names of the places, in their order.
    pub fn places(&self) -> Vec<PlaceName> {
        self.places.spots().into_iter().map(|spot| self.name(spot)).collect()
    }

    fn name(&self, spot: Spot<'_>) -> PlaceName {
        match &self.kernel {
            Some(kernel) => spot.name().under(kernel),
            None => spot.name(),
        }
    }

    /// Runs at each place the jobs that it supports, until stopped.
    ///
    /// # Errors
    /// The observer ended the tour.
    pub fn go<O: TourObserver>(&self, observer: &mut O) -> Result<TourEnd, O::Stop> {
        let mut end = TourEnd::default();
        for spot in self.places.spots() {
            if end.broken.is_some() || self.options.stop.is_stopped() {
                break;
            }
            let ground = spot.prepare(self.name(spot), |directory| self.environment(directory));
            let mut place = ground.place.clone();
            observer.arrive(place.clone())?;
            if let Some(directory) = &ground.directory {
                match self.run_in(directory, &place, observer)? {
                    Ok(kept) => end.kept.extend(kept),
                    Err(error) if place.name.file_system.is_some() && is_of_one_place(&error) => {
                        place.fate =
                            PlaceFate::Lost { why: error.to_string(), console: Vec::new() };
                    }
                    Err(error) => end.broken = Some(error),
                }
            }
            observer.leave(place)?;
        }
        Ok(end)
    }

    /// The scratch directories that are kept.
    fn run_in<O: TourObserver>(
        &self,
        directory: &Path,
        place: &Place,
        observer: &mut O,
    ) -> Result<Result<Vec<PathBuf>, HarnessError>, O::Stop> {
        let makes_sense = |job: &&Job| job.scenario.makes_sense_on(place.name.file_system);
        let jobs: Vec<Job> = self.jobs.iter().filter(makes_sense).cloned().collect();
        let options = SessionOptions { directory: directory.to_owned(), ..self.options.clone() };
        // Dropping the session ends its processes before the place is left.
        let mut session = match Session::start(jobs, options) {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        for result in &mut session {
            match result {
                Ok(result) => {
                    observer.add(ScenarioResult { place: place.name.clone(), ..result })?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(session.kept().to_vec()))
    }

    fn environment(&self, directory: &Path) -> Environment {
        let mut qemu: Vec<SubjectProgram> =
            self.jobs.iter().flat_map(|job| job.casting.programs()).collect();
        qemu.sort_by(|one, other| one.path.cmp(&other.path));
        qemu.dedup();
        Environment { qemu, planted: self.options.fault, ..Environment::at(directory) }
    }
}

/// Whether the error concerns only this place, so that other places can run.
fn is_of_one_place(error: &HarnessError) -> bool {
    matches!(error, HarnessError::NoLocks { .. } | HarnessError::Directory { .. })
}
