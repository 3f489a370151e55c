use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::data::{Probe, ProbeAnswer, ProbeMeasurement, ProbeTrial};
use super::judge;
use super::kill::Kills;
use super::property::{ProbeTheme, Property};
use super::series::{ProbeTiming, ReleaseDelay};
use crate::process::{Launcher, ProcessError, describe};
use crate::run::{Engine, EngineOptions, Environment, RunOptions, Scrutiny, SessionOptions};
use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::{KernelLocks, SurveyError, Visibility, availability, reach_of, survey};
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
    /// The path does not lead to a file, or /proc cannot be read.
    #[error("cannot examine {}: {}", path.display(), describe(source))]
    Unreachable {
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The holders of the device cannot be determined.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// A process has the device open, or it is not known that none has.
    #[error("{} is in use, or it is not known that it is free", path.display())]
    InUse {
        /// The device.
        path: PathBuf,
    },
    /// Processes cannot be started, or the probe was stopped.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A story of the probe is not well formed. This is a defect of this crate.
    #[error("a scenario of the probe itself is not well formed: {0}")]
    Story(#[from] ScenarioError),
}

/// Tries every property in `options.directory`, or on `device`, and kills `rounds` holders of a lock
/// of each type. Faults of locks are part of the result.
///
/// A device is locked, and nothing is read from it or written to it. Only its locks are tried, not
/// other names of it.
///
/// # Errors
/// If no file can be created in the directory, no process can be started, `options.stop` is
/// triggered, or the device is in use.
pub fn probe(
    options: &SessionOptions,
    device: Option<&Path>,
    rounds: u32,
) -> Result<Probe, ProbeError> {
    let path = device.unwrap_or(&options.directory).to_owned();
    let available = availability(&options.directory)
        .map_err(|source| ProbeError::Directory { directory: options.directory.clone(), source })?;
    let unreachable = |source| ProbeError::Unreachable { path: path.clone(), source };
    let reach = reach_of(&path).map_err(unreachable)?;
    let mut environment = Environment::at(&options.directory);
    if let Some(device) = device {
        refuse_used(device)?;
        environment.file_system = "block device".to_owned();
        (environment.mount_options, environment.hides_locks) = (Vec::new(), false);
    }
    let launcher = options.launcher();
    let engine = EngineOptions { device: device.map(Path::to_owned), ..options.plain_engine() };
    let properties = properties(Engine::start(&launcher, engine)?, device.is_some())?;
    let mut releases = Vec::new();
    let mut launcher = Launcher::start(&launcher)?;
    for uring in [false, true] {
        for backend in Backend::ALL {
            let granted = properties.first().map(|measured| &measured.on(backend).answer);
            let timing = match granted {
                Some(ProbeAnswer::Yes) => {
                    let (timeout, stop) = (options.step_timeout, options.stop.clone());
                    let launcher = &mut launcher;
                    Kills { launcher, device, backend, uring, rounds, timeout, stop }.measure()?
                }
                _ => ProbeTiming::NotTried { why: none_granted(backend) },
            };
            releases.push(ReleaseDelay { backend, uring, timing });
        }
    }
    let null_has_ofd = null_has_ofd();
    let visible = device.is_some() || available.visibility == Visibility::Shown;
    let reach = reach.with_visible_locks(visible);
    Ok(Probe { path, reach, environment, null_has_ofd, properties, releases })
}

/// A probe's locks would be in the way of the device's users.
fn refuse_used(device: &Path) -> Result<(), ProbeError> {
    let seen = survey(&[device])?;
    let free = seen.images.iter().all(|image| image.is_free() && image.unlocked.is_empty());
    if free { Ok(()) } else { Err(ProbeError::InUse { path: device.to_owned() }) }
}

/// One run for each property and backend, so that the results are independent.
/// If no lock is granted, the other properties are not tried.
fn properties(mut engine: Engine, of_device: bool) -> Result<Vec<ProbeMeasurement>, ProbeError> {
    let mut all: Vec<ProbeMeasurement> = Vec::with_capacity(Property::ALL.len());
    for property in Property::ALL {
        let mut trial = |backend| match all.first().map(|granted| &granted.on(backend).answer) {
            _ if of_device && property.theme() == ProbeTheme::Names => {
                Ok(judge::untried("names of a device are not tried".to_owned()))
            }
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
