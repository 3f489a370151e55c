//! Openers released at the same moment, again and again: who gets the image,
//! and whether two ever have it that must not.
//!
//! In each round every opener is drawn a mode and opens the image; whoever is
//! granted proves that it has it, and closes. Two witnesses watch. Each opener
//! publishes its claim in memory that all share, while it surely holds, and
//! looks for others that conflict; and who writes alone counts in the image
//! itself, so that a count is lost when two are in. Every opening becomes a
//! [`Stay`](imglock_scenario::Stay) with time stamps of one clock, and
//! [`judge`](imglock_scenario::judge) says whether all of them can have been.
//!
//! Our own workers run thousands of rounds by themselves, at a barrier in
//! shared memory. Other subjects are told each of their deeds.

mod error;
mod judging;
mod plan;
mod players;
mod sum;
mod turn;
mod workers;

pub use error::RaceError;
pub use plan::RacePlan;
pub use sum::{Breach, RaceEvidence, RaceLeftOut, RaceSum, RaceTally, Sightings};
pub use turn::{RaceProof, RaceTurn};

use std::time::{Duration, Instant};

use crate::process::ProcessError;
use crate::run::{HarnessError, SessionOptions};
use imglock_scenario::HistoryTerms;
use judging::Judging;
use turn::{Racers, Ran};

/// How long a heat is to take: often enough to show how far it is.
const PACE: Duration = Duration::from_millis(200);

/// The rounds of the first heat, when nobody knows how long one takes.
const FIRST_HEAT: u64 = 64;

/// What an observer sees after each heat.
#[derive(Debug)]
pub struct RaceCourse<'a> {
    /// All that came of the race so far.
    pub sum: &'a RaceSum,
    /// Who takes part and on which locks, as a history has it.
    pub terms: HistoryTerms<'a>,
    /// What the openers did in this heat, round by round.
    pub turns: &'a [RaceTurn],
}

/// Runs a race. `observer` is shown each heat once it is judged.
///
/// A race that is stopped has ended too: what it came to is the result, which
/// is not complete then.
///
/// # Errors
/// When the plan is none, no lock of that kind works in the directory, or the
/// processes cannot be started or do not go on: one that dies in the middle of
/// a race is such an end.
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
    let mut heat = FIRST_HEAT;
    loop {
        let left = plan.rounds.map_or(u64::MAX, |rounds| rounds - sum.rounds);
        let late = plan.time.is_some_and(|time| began.elapsed() >= time);
        if left == 0 || late {
            sum.complete = true;
            break;
        }
        let heat_began = Instant::now();
        let wanted = heat.min(left);
        let ran = match racers.run(sum.rounds, usize::try_from(wanted).unwrap_or(usize::MAX)) {
            Err(RaceError::Harness(HarnessError::Process(ProcessError::Stopped))) => break,
            other => other?,
        };
        let Ran { turns, counter, stopped } = ran;
        judging.judge(&turns, counter, &mut sum);
        sum.clocked(began.elapsed());
        observer(&RaceCourse { sum: &sum, terms: judging.terms, turns: &turns });
        if stopped || (plan.first_breach && !sum.breaches.is_empty()) {
            // What was looked for is found; what was not is not complete.
            sum.complete = !stopped;
            break;
        }
        let done = turns.len() as u64 / plan.openers as u64;
        heat = next_heat(done, heat_began.elapsed(), plan.time.map(|time| (time, began)));
    }
    sum.clocked(began.elapsed());
    Ok(sum)
}

/// As many rounds as fit into the time that a heat is to take, going by the
/// last one; no more than twice as many as that.
fn next_heat(done: u64, took: Duration, limit: Option<(Duration, Instant)>) -> u64 {
    let mut pace = PACE;
    if let Some((time, began)) = limit {
        pace = pace.min(time.saturating_sub(began.elapsed()));
    }
    let fits = done as f64 * pace.as_secs_f64() / took.as_secs_f64().max(1e-6);
    (fits as u64).clamp(1, 2 * done.max(1))
}
