use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::casting::Casting;
use super::engine::{Engine, EngineOptions, RunOptions};
use super::error::HarnessError;
use super::result::ScenarioResult;
use crate::fault::Fault;
use crate::file_system::PrivateMounts;
use crate::lanes::{Lanes, useful_lanes};
use crate::process::{LauncherOptions, ProcessError, StopToken};
use imglock_core::{Backend, LockError};
use imglock_locks::{Availability, Visibility, availability};
use imglock_scenario::Scenario;

/// One scenario on one backend, to be run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// On which locks.
    pub backend: Backend,
    /// Who plays.
    pub casting: Casting,
}

/// Where and how scenarios are run.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Where the scratch directories are made; its file system is tested.
    pub directory: PathBuf,
    /// How many scenarios run at a time.
    pub jobs: usize,
    /// How long one step may take.
    pub step_timeout: Duration,
    /// Leave the scratch directories behind.
    pub keep: bool,
    /// Refuse OFD locks to every process, as a kernel without them would.
    pub deny_ofd: bool,
    /// Where scenarios may mount something: the thread that starts them has
    /// entered it. Without it, those that mount are skipped.
    pub mounts: Option<PrivateMounts>,
    /// What is wrong with our own workers, on purpose.
    pub fault: Option<Fault>,
    /// Stops the session: what runs is given up, what has ended is kept.
    pub stop: StopToken,
    /// The program that becomes the launcher: one that calls
    /// [`crate::init`] first.
    pub program: PathBuf,
}

impl SessionOptions {
    /// One scenario at a time in `directory`, run by this program, with ten
    /// seconds for each step.
    pub fn new(directory: PathBuf, stop: StopToken) -> SessionOptions {
        let LauncherOptions { program, directory, keep, deny_ofd, fault, stop } =
            LauncherOptions::new(directory, stop);
        let (jobs, step_timeout, mounts) = (1, Duration::from_secs(10), None);
        SessionOptions {
            directory,
            jobs,
            step_timeout,
            keep,
            deny_ofd,
            mounts,
            fault,
            stop,
            program,
        }
    }

    /// Which locks a process gets in the directory.
    pub(crate) fn availability(&self) -> Result<Availability, HarnessError> {
        let directory = self.directory.clone();
        let mut available = match availability(&directory) {
            Ok(available) => available,
            Err(source) => return Err(HarnessError::Directory { directory, source }),
        };
        if self.deny_ofd {
            // What the filter answers.
            available.ofd = Err(LockError::Invalid);
        }
        match (available.ofd.clone(), available.posix.clone()) {
            (Err(ofd), Err(posix)) => Err(HarnessError::NoLocks { directory, ofd, posix }),
            _ => Ok(available),
        }
    }

    /// Makes sure that a process gets all these locks in the directory; says
    /// whether the kernel shows them.
    pub(crate) fn require(&self, backends: &[Backend]) -> Result<Visibility, HarnessError> {
        let available = self.availability()?;
        for backend in backends {
            if let Err(error) = available.of(*backend) {
                let (directory, backend) = (self.directory.clone(), *backend);
                return Err(HarnessError::NoSuchLocks { directory, backend, error: error.clone() });
            }
        }
        Ok(available.visibility)
    }

    /// How its launchers are started.
    pub(crate) fn launcher(&self) -> LauncherOptions {
        LauncherOptions {
            program: self.program.clone(),
            directory: self.directory.clone(),
            keep: self.keep,
            deny_ofd: self.deny_ofd,
            fault: self.fault,
            stop: self.stop.clone(),
        }
    }

    /// The options of an engine that mounts nothing, with locks that are shown.
    pub(crate) fn plain_engine(&self) -> EngineOptions {
        let (step_timeout, mounts) = (self.step_timeout, None);
        EngineOptions { step_timeout, mounts, visibility: Visibility::Shown, device: None }
    }

    fn engine(
        &self,
        launcher: &LauncherOptions,
        visibility: Visibility,
    ) -> Result<Engine, ProcessError> {
        let step_timeout = self.step_timeout;
        let mounts = self.mounts.clone();
        Engine::start(launcher, EngineOptions { step_timeout, mounts, visibility, device: None })
    }
}

/// A number of scenarios being run. Iterating yields their results as they
/// end; dropping it stops what still runs, and leaves nothing behind.
#[derive(Debug)]
pub struct Session {
    lanes: Lanes<std::vec::IntoIter<Job>, Result<ScenarioResult, HarnessError>>,
    kept: Vec<PathBuf>,
}

impl Session {
    /// Starts running `jobs`.
    ///
    /// # Errors
    /// When no lock works in the directory, or no process can be started.
    pub fn start(jobs: Vec<Job>, options: SessionOptions) -> Result<Session, HarnessError> {
        let available = options.availability()?;
        raise_descriptor_limit();
        let launcher = options.launcher();
        let lanes = useful_lanes(options.jobs, jobs.len());
        let engine = || options.engine(&launcher, available.visibility);
        let engines = (0..lanes).map(|_| engine()).collect::<Result<Vec<_>, _>>()?;
        let kept = engines.iter().map(|engine| engine.scratch().to_owned()).collect();
        let stop = options.stop;
        let lanes = Lanes::start(engines, jobs.into_iter(), move |engine, job, tell| {
            if stop.is_stopped() {
                return ControlFlow::Break(());
            }
            match carry_out(engine, &available, &job) {
                Ok(result) => tell(Ok(result)),
                Err(ProcessError::Stopped) => ControlFlow::Break(()),
                Err(error) => {
                    let _ = tell(Err(error.into()));
                    ControlFlow::Break(())
                }
            }
        });
        Ok(Session { lanes, kept: if options.keep { kept } else { Vec::new() } })
    }

    /// The scratch directories that are left behind.
    pub fn kept(&self) -> &[PathBuf] {
        &self.kept
    }
}

impl Engine {
    /// Starts an engine of its own, for strategies that make many runs on one
    /// backend.
    ///
    /// # Errors
    /// When that backend does not work in the directory, or no process can be
    /// started.
    pub fn prepare(options: &SessionOptions, backend: Backend) -> Result<Engine, HarnessError> {
        let visibility = options.require(&[backend])?;
        raise_descriptor_limit();
        Ok(options.engine(&options.launcher(), visibility)?)
    }
}

impl Iterator for Session {
    type Item = Result<ScenarioResult, HarnessError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.lanes.next()
    }
}

/// Runs a job, unless its locks do not work here.
fn carry_out(
    engine: &mut Engine,
    available: &Availability,
    job: &Job,
) -> Result<ScenarioResult, ProcessError> {
    let Job { scenario, backend, casting } = job;
    match available.of(*backend) {
        Ok(()) => engine.run(scenario, RunOptions::new(*backend).cast(casting)),
        Err(error) => Ok(ScenarioResult::skipped(
            &scenario.name,
            *backend,
            casting.to_string(),
            format!("no {backend} locks here: {error}"),
        )),
    }
}

/// Every process of a scenario is one descriptor here, and a scenario may
/// have thousands.
pub(crate) fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Without it smaller scenarios still run.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
