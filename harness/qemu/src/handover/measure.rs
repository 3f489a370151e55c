use std::time::Duration;

use super::chain::{Chain, Pair};
use super::data::{
    ContestedHandover, Handling, HandoverEnd, HandoverSeries, Handovers, WatchedHandover,
};
use super::ends::{Holdings, end};
use super::opener::contending;
use super::watch::{micros, watching};
use crate::qemu::QemuBinary;
use imglock_engine::{
    Environment, Launcher, LauncherOptions, ProcessError, StepFailure, StopToken, describe,
    monotonic,
};
use imglock_locks::SurveyError;

/// The settings of a measurement.
#[derive(Debug, Clone)]
pub struct HandoverOptions {
    /// The launcher's options and directory.
    pub launcher: LauncherOptions,
    /// The time limit of one command.
    pub step_timeout: Duration,
    /// The number of handovers in each series.
    pub rounds: usize,
    /// The emulator.
    pub binary: QemuBinary,
}

/// The reasons why a measurement fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandoverError {
    /// Processes cannot be started, or the run was stopped.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// No guest can be moved here.
    #[error("no guest could be moved: {0}")]
    Guest(String),
    /// The image cannot be watched.
    #[error("the image cannot be watched: {}", describe(.0))]
    Watch(std::io::Error),
    /// The lock table cannot be read.
    #[error(transparent)]
    Survey(#[from] SurveyError),
}

/// Moves a guest `rounds` times in each way, without and with an opener that
/// keeps trying. A failed handover is part of the result.
///
/// # Errors
/// If no guest can be moved, the image cannot be watched, or the run is
/// stopped.
pub fn measure_handovers(options: &HandoverOptions) -> Result<Handovers, HandoverError> {
    let mut launcher = Launcher::start(&options.launcher)?;
    let mut environment = Environment::at(launcher.scratch());
    environment.qemu = vec![(&options.binary).into()];
    let mut series = Vec::new();
    for handling in Handling::ALL {
        let watched = in_a_row(&mut launcher, options, *handling, watch)?;
        let contested = in_a_row(&mut launcher, options, *handling, contest)?;
        series.push(HandoverSeries { handling: *handling, watched, contested });
    }
    Ok(Handovers { environment, rounds: options.rounds, series })
}

/// A series of handovers. Each one starts at the previous destination.
fn in_a_row<T>(
    launcher: &mut Launcher,
    options: &HandoverOptions,
    handling: Handling,
    one: fn(&Chain<'_>, &mut Pair) -> Result<T, HandoverError>,
) -> Result<Vec<T>, HandoverError> {
    let (timeout, stop) = (options.step_timeout, options.launcher.stop.clone());
    let mut chain = Chain::new(launcher, &options.binary, handling, timeout, stop.clone())
        .map_err(|why| ended(&stop, why))?;
    let mut all = Vec::new();
    for round in 0..options.rounds {
        let mut pair = chain.pair().map_err(|why| ended(&stop, why))?;
        all.push(one(&chain, &mut pair)?);
        tracing::debug!(?handling, round, "handover ends");
        let runs = chain.status(&mut pair.destination).is_ok_and(|status| status == "running");
        let next = if runs { chain.forward(pair) } else { chain.abandon(&pair) };
        next.map_err(|why| ended(&stop, why))?;
    }
    chain.end().map_err(|why| ended(&stop, why))?;
    Ok(all)
}

fn watch(chain: &Chain<'_>, pair: &mut Pair) -> Result<WatchedHandover, HandoverError> {
    let image = chain.image();
    let began = monotonic();
    let (came, gaps) = watching(&image, || chain.hand_over(pair)).map_err(HandoverError::Watch)?;
    let took_us = micros(monotonic().saturating_sub(began));
    let (end, two_held) = outcome(chain, pair, came)?;
    Ok(WatchedHandover { took_us, gaps, end, two_held })
}

fn contest(chain: &Chain<'_>, pair: &mut Pair) -> Result<ContestedHandover, HandoverError> {
    let image = chain.image();
    let (came, attempts) =
        contending(&image, || chain.hand_over(pair)).map_err(HandoverError::Watch)?;
    let (end, two_held) = outcome(chain, pair, came)?;
    let (granted, tries) = (attempts.hold.is_some(), attempts.tries);
    // This releases the opener's locks.
    drop(attempts);
    let recovered = match end {
        HandoverEnd::Paused => Some(recovers(chain, pair)?),
        _ => None,
    };
    Ok(ContestedHandover { granted, tries, end, recovered, two_held })
}

/// The state of the guest, and whether two processes hold the image.
fn outcome(
    chain: &Chain<'_>,
    pair: &mut Pair,
    came: Result<Option<String>, StepFailure>,
) -> Result<(HandoverEnd, bool), HandoverError> {
    let holdings = Holdings::on(&chain.image())?;
    let status = came.and_then(|_| chain.status(&mut pair.destination));
    let ended = match status {
        Ok(status) => end(&status, holdings.of(pair.destination.pid), holdings.of(pair.source.pid)),
        Err(StepFailure::Stopped) => return Err(ProcessError::Stopped.into()),
        Err(why) => HandoverEnd::Failed { why: why.to_string() },
    };
    Ok((ended, holdings.conflict()))
}

/// Whether a paused guest runs after another `cont`, with all its locks.
fn recovers(chain: &Chain<'_>, pair: &mut Pair) -> Result<bool, HandoverError> {
    let goes_on = matches!(chain.again(&mut pair.destination), Ok(true));
    let (end, two_held) = outcome(chain, pair, Ok(None))?;
    Ok(goes_on && end == HandoverEnd::Runs && !two_held)
}

fn ended(stop: &StopToken, why: StepFailure) -> HandoverError {
    match why {
        _ if stop.is_stopped() => ProcessError::Stopped.into(),
        StepFailure::Stopped => ProcessError::Stopped.into(),
        StepFailure::Process(error) => error.into(),
        other => HandoverError::Guest(other.to_string()),
    }
}
