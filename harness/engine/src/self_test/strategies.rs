//! Sweep, race and exploration as detectors.

use std::ops::ControlFlow;
use std::time::Duration;

use super::error::SelfTestError;
use super::{CatchGround, CatchSpot, FaultCatch, Hunted};
use crate::explore::{ExploreDifference, ExplorePlan, explore};
use crate::process::ProcessError;
use crate::race::{RacePlan, race};
use crate::run::SessionOptions;
use crate::sweep::{Arrangement, ClaimDeparture, ClaimDifference, ClaimPlan, Openers, claim_sweep};
use imglock_core::Backend;

/// The duration of a race with a planted fault.
const RACE: Duration = Duration::from_secs(10);
/// The duration of a race without a planted fault: long enough to show false
/// alarms.
const QUIET_RACE: Duration = Duration::from_secs(2);
/// The time limit of a row in the sweep, in steps.
const ROW: u32 = 10;
/// The number of random scenarios.
const CASES: u64 = 1_000;
/// Random seed, fixed so that a test is repeatable.
const SEED: u64 = 1;

/// Every ordered pair of claims, until one differs.
pub(super) fn sweep(ground: &CatchGround) -> Result<Hunted, SelfTestError> {
    let arrangements = Arrangement::on(&[ground.backend]);
    let plan = ClaimPlan { arrangements, ..ClaimPlan::new(Openers::Two) };
    // A worker tries a whole row of claims before it answers.
    let step_timeout = ROW * ground.options.step_timeout;
    let options = SessionOptions { step_timeout, ..ground.options.clone() };
    let swept = claim_sweep(&plan, &options, &mut |sweep| {
        if sweep.differences() > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let swept = match swept {
        Err(error) => return broken(ground, error),
        Ok(swept) => swept,
    };
    let first = swept.arrangements.iter().flat_map(|one| &one.first_differences).next();
    let catch = first.map(|difference| FaultCatch {
        at: CatchSpot::Words(difference.label()),
        said: differs(difference),
    });
    stopped_unless(swept.complete || catch.is_some())?;
    Ok(Hunted { runs: swept.cases_done(), catch })
}

fn differs(difference: &ClaimDifference) -> String {
    match &difference.departure {
        ClaimDeparture::Outcome { expected, actual } => {
            format!("it gave `{actual}`, and the algebra states `{expected}`")
        }
        ClaimDeparture::Held { .. } => "the holder's locks do not match its claim".to_owned(),
        ClaimDeparture::Left { .. } => "locks remained after the last close".to_owned(),
        ClaimDeparture::Silence { why } => format!("no answer: {why}"),
    }
}

/// Openers released at the same moment, until the contract is broken.
pub(super) fn race_rounds(ground: &CatchGround) -> Result<Hunted, SelfTestError> {
    let time = if ground.options.fault.is_some() { RACE } else { QUIET_RACE };
    // Under POSIX, two openers of one process break the contract without a
    // fault.
    let sharing = if ground.backend == Backend::Posix { 0 } else { 2 };
    let plan = RacePlan {
        sharing,
        rounds: None,
        time: Some(time),
        seed: SEED,
        first_breach: true,
        ..RacePlan::new(ground.backend)
    };
    let raced = match race(&plan, &ground.options, &mut |_| {}) {
        Err(error) => return broken(ground, error),
        Ok(raced) => raced,
    };
    stopped_unless(raced.complete)?;
    let catch = raced.breaches.first().map(|breach| FaultCatch {
        at: CatchSpot::Words(format!("round {}", breach.first.round)),
        said: breach.kind.meaning().to_owned(),
    });
    Ok(Hunted { runs: raced.rounds, catch })
}

/// Random scenarios, until one differs from the model.
pub(super) fn explore_cases(ground: &CatchGround) -> Result<Hunted, SelfTestError> {
    let plan = ExplorePlan::hunt(ground.backend, SEED, CASES);
    let explored = match explore(&plan, &ground.options, &mut |_| {}) {
        Err(error) => return broken(ground, error),
        Ok(explored) => explored,
    };
    stopped_unless(explored.complete)?;
    let catch =
        explored.differences.first().map(|ExploreDifference { case, fault, .. }| FaultCatch {
            at: CatchSpot::Words(format!("case {case}: {}", fault.step)),
            said: format!("{}: it gave `{}` for `{}`", fault.judge, fault.actual, fault.expected),
        });
    Ok(Hunted { runs: explored.done, catch })
}

/// Classifies an error. If a fault is planted, a strategy that fails has found
/// it: its processes died, hung or gave an invalid answer. Otherwise the
/// environment failed.
fn broken(ground: &CatchGround, error: impl Into<SelfTestError>) -> Result<Hunted, SelfTestError> {
    match error.into() {
        error if error.is_stop() => Err(error),
        error if ground.options.fault.is_some() => {
            let catch = Some(FaultCatch {
                at: CatchSpot::Words("its processes".to_owned()),
                said: error.to_string(),
            });
            Ok(Hunted { runs: 0, catch })
        }
        error => Err(error),
    }
}

/// A stopped strategy returns its results so far. For a detector, a stop is an
/// error: the fault may or may not be found.
fn stopped_unless(complete: bool) -> Result<(), SelfTestError> {
    if complete { Ok(()) } else { Err(ProcessError::Stopped.into()) }
}
