//! Openers released at the same moment, again and again: which of them get the
//! image, and do two conflicting ones ever hold it together?
//!
//! In each round, every opener draws a mode and opens the image. A granted
//! opener leaves evidence that it holds the image, and then closes it. There
//! are two witnesses. First, each opener publishes its claim in shared memory
//! while it certainly holds the image, and looks for conflicting claims.
//! Second, an opener that writes alone counts in the image, so two of them at a
//! time lose a count. Every opening becomes an [`Opening`] with time stamps of
//! one clock, and [`judge_history`] decides whether all of them are possible
//! under the contract.
//!
//! [`Opening`]: imglock_scenario::Opening
//! [`judge_history`]: imglock_scenario::judge_history
//!
//! The builtin workers run thousands of rounds without the command, separated
//! by a barrier in shared memory. Other subjects receive each action as a
//! request.

mod error;
mod judging;
mod plan;
mod players;
mod sum;
mod turn;
mod workers;

pub use error::RaceError;
pub use plan::{RaceLeftOut, RacePlan};
pub use sum::{Breach, RaceEvidence, RaceSum, RaceTally, Sightings};
pub use turn::{RaceProof, RaceTurn};

use std::time::{Duration, Instant};

use crate::process::ProcessError;
use crate::run::{HarnessError, SessionOptions};
use imglock_scenario::HistoryTerms;
use judging::Judging;
use plan::PACE;
use turn::{Racers, Ran};

/// The number of rounds in the first batch, before their duration is known.
const FIRST_BATCH: u64 = 64;

/// The state of a race after a batch, for an observer.
#[derive(Debug)]
pub struct RaceCourse<'a> {
    /// The results of the race so far.
    pub sum: &'a RaceSum,
    /// The openers and the lock type, as a history has them.
    pub terms: HistoryTerms<'a>,
    /// The turns of the openers in this batch, round by round.
    pub turns: &'a [RaceTurn],
}

/// Runs a race. `observer` is called after each judged batch.
///
/// Stopping a race is not an error: the results so far are returned, and are
/// not complete.
///
/// # Errors
/// If the plan is invalid, if that type of lock does not work in the directory,
/// or if the openers' processes cannot be started, die or stop responding.
pub fn race(
    plan: &RacePlan,
    options: &SessionOptions,
    observer: &mut dyn FnMut(&RaceCourse<'_>),
) -> Result<RaceSum, RaceError> {
    plan.check().map_err(RaceError::Plan)?;
    let (modes, left_out) = plan.playable().map_err(RaceError::Plan)?;
    let plan = &RacePlan { modes, ..plan.clone() };
    let mut sum = RaceSum::new(plan, options);
    sum.left_out = left_out;
    let mut racers: Box<dyn Racers> = match plan.is_played_by_workers() {
        true => Box::new(workers::Workers::start(plan, options)?),
        false => Box::new(players::Players::start(plan, options)?),
    };
    let openers = plan.openers_by_process();
    let mut judging = Judging::new(plan, &openers);
    let began = Instant::now();
    let mut batch = FIRST_BATCH;
    loop {
        let left = plan.rounds.map_or(u64::MAX, |rounds| rounds - sum.rounds);
        let late = plan.time.is_some_and(|time| began.elapsed() >= time);
        if left == 0 || late {
            sum.complete = true;
            break;
        }
        let batch_began = Instant::now();
        let wanted = batch.min(left);
        let ran = match racers.run(sum.rounds, usize::try_from(wanted).unwrap_or(usize::MAX)) {
            Err(RaceError::Harness(HarnessError::Process(ProcessError::Stopped))) => break,
            other => other?,
        };
        let Ran { turns, counter, stopped } = ran;
        judging.judge(&turns, counter, &mut sum);
        sum.clocked(began.elapsed());
        observer(&RaceCourse { sum: &sum, terms: judging.terms, turns: &turns });
        if stopped || (plan.first_breach && !sum.breaches.is_empty()) {
            // The requested breach completes a race; a stop does not.
            sum.complete = !stopped;
            break;
        }
        let done = turns.len() as u64 / plan.openers as u64;
        batch = next_batch(done, batch_began.elapsed(), plan.time.map(|time| (time, began)));
    }
    sum.clocked(began.elapsed());
    Ok(sum)
}

/// The number of rounds for the next batch, from the speed of the last one; at
/// most twice as many rounds as that had.
fn next_batch(done: u64, took: Duration, limit: Option<(Duration, Instant)>) -> u64 {
    let mut pace = PACE;
    if let Some((time, began)) = limit {
        pace = pace.min(time.saturating_sub(began.elapsed()));
    }
    let fits = done as f64 * pace.as_secs_f64() / took.as_secs_f64().max(1e-6);
    (fits as u64).clamp(1, 2 * done.max(1))
}
