use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;

use super::data::{Probe, ProbeAnswer, ProbeMeasurement, ProbeTrial};
use super::judge;
use super::kill::Kills;
use super::property::Property;
use super::series::{ProbeTiming, ReleaseDelay};
use crate::process::{Launcher, ProcessError, describe};
use crate::run::{Engine, Environment, RunOptions, Scrutiny, SessionOptions};
use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::{KernelLocks, availability};
use imglock_scenario::ScenarioError;

/// The reasons why a probe fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// No file can be created in the directory.
    #[error("cannot make a file in {}: {}", directory.display(), describe(source))]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Processes cannot be started, or the probe was stopped.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A story of the probe is not well formed. This is a defect of this crate.
    #[error("a scenario of the probe itself is not well formed: {0}")]
    Story(#[from] ScenarioError),
}

/// Tries every property in `options.directory`, and kills `rounds` holders of a
/// lock of each type. Faults of locks are part of the result.
///
/// # Errors
/// If no file can be created in the directory, no process can be started, or
/// `options.stop` is triggered.
pub fn probe(options: &SessionOptions, rounds: u32) -> Result<Probe, ProbeError> {
    let directory = options.directory.clone();
    availability(&directory)
        .map_err(|source| ProbeError::Directory { directory: directory.clone(), source })?;
    let launcher = options.launcher();
    let environment = Environment::at(&directory);
    let properties = properties(Engine::start(&launcher, options.plain_engine())?)?;
    let mut releases = Vec::new();
    let mut launcher = Launcher::start(&launcher)?;
    for uring in [false, true] {
        for backend in Backend::ALL {
            let granted = properties.first().map(|measured| &measured.on(backend).answer);
            let timing = match granted {
                Some(ProbeAnswer::Yes) => {
                    let (timeout, stop) = (options.step_timeout, options.stop.clone());
                    let launcher = &mut launcher;
                    Kills { launcher, backend, uring, rounds, timeout, stop }.measure()?
                }
                _ => ProbeTiming::NotTried { why: none_granted(backend) },
            };
            releases.push(ReleaseDelay { backend, uring, timing });
        }
    }
    let null_has_ofd = null_has_ofd();
    Ok(Probe { directory, environment, null_has_ofd, properties, releases })
}

/// One run for each property and backend, so that the results are independent.
/// If no lock is granted, the other properties are not tried.
fn properties(mut engine: Engine) -> Result<Vec<ProbeMeasurement>, ProbeError> {
    let mut all: Vec<ProbeMeasurement> = Vec::with_capacity(Property::ALL.len());
    for property in Property::ALL {
        let mut trial = |backend| match all.first().map(|granted| &granted.on(backend).answer) {
            None | Some(ProbeAnswer::Yes) => tried(&mut engine, property, backend),
            Some(_) => Ok(judge::untried(none_granted(backend))),
        };
        let (ofd, posix) = (trial(Backend::Ofd)?, trial(Backend::Posix)?);
        all.push(ProbeMeasurement { property, ofd, posix });
    }
    Ok(all)
}

fn tried(
    engine: &mut Engine,
    property: Property,
    backend: Backend,
) -> Result<ProbeTrial, ProbeError> {
    let scenario = property.scenario()?;
    let result =
        engine.run(&scenario, RunOptions::new(backend).scrutiny(Scrutiny::Expectations))?;
    Ok(judge::trial(property, scenario.items.len(), &result))
}

fn none_granted(backend: Backend) -> String {
    format!("no {backend} lock is granted")
}

/// QEMU's test for OFD locks, with the same call (`qemu_probe_lock_ops` in
/// util/osdep.c).
fn null_has_ofd() -> bool {
    let Ok(null) = File::open("/dev/null") else { return false };
    KernelLocks::new(null.as_fd(), Backend::Ofd).test(LockType::Write, RangeSpec::at(0, 0)).is_ok()
}
