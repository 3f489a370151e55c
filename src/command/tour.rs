use std::path::{Path, PathBuf};

use imglock_harness::run::{Environment, Fate, HarnessError, Job, Place, Session, SessionOptions};

use super::grounds::Grounds;
use super::run_log::RunLog;
use crate::failure::Failure;

/// All runs under the running kernel, place by place.
pub struct Tour<'t> {
    pub jobs: &'t [Job],
    /// The options, except the directory.
    pub options: &'t SessionOptions,
    pub grounds: &'t Grounds,
}

/// The result of a tour.
pub struct Toured {
    /// The scratch directories that were kept.
    pub kept: Vec<PathBuf>,
    /// The failure that ended the tour early, if any.
    pub broken: Option<Failure>,
}

impl Tour<'_> {
    /// Runs at each place the jobs that it supports, until stopped.
    ///
    /// # Errors
    /// A report cannot be written.
    pub fn go(
        &self,
        environment: impl Fn(&Path) -> Environment,
        log: &mut RunLog<'_>,
    ) -> Result<Toured, Failure> {
        let mut toured = Toured { kept: Vec::new(), broken: None };
        for ground in self.grounds.each(environment) {
            if toured.broken.is_some() || self.options.stop.is_stopped() {
                break;
            }
            let mut place = ground.place.clone();
            log.arrive(place.clone())?;
            if let Some(directory) = ground.directory() {
                match self.run_in(directory, &place, log) {
                    Ok(kept) => toured.kept.extend(kept),
                    Err(Failure::Harness(error)) if place.made().is_some() && is_of(&error) => {
                        place.fate = Fate::Lost { why: error.to_string(), console: Vec::new() };
                    }
                    Err(failure) => toured.broken = Some(failure),
                }
            }
            log.leave(place)?;
        }
        Ok(toured)
    }

    fn run_in(
        &self,
        directory: &Path,
        place: &Place,
        log: &mut RunLog<'_>,
    ) -> Result<Vec<PathBuf>, Failure> {
        let makes_sense = |job: &&Job| job.scenario.makes_sense_on(place.made());
        let jobs: Vec<Job> = self.jobs.iter().filter(makes_sense).cloned().collect();
        let options = SessionOptions { directory: directory.to_owned(), ..self.options.clone() };
        // Dropping the session ends its processes before the summary is printed.
        let mut session = Session::start(jobs, options)?;
        for result in &mut session {
            log.add(&place.name, result?)?;
        }
        Ok(session.kept().to_vec())
    }
}

/// Whether the error concerns only this place, so that other places can run.
fn is_of(error: &HarnessError) -> bool {
    matches!(error, HarnessError::NoLocks { .. } | HarnessError::Directory { .. })
}
