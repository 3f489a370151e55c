//! Random scenarios, run on the kernel and compared with the model step by
//! step.
//!
//! An [`ExploreCase`] is a scenario that its numbers determine: a few processes
//! and images, and steps of all verbs. Each step is drawn from the state that
//! the model predicts at that point, so most steps are meaningful. The case
//! runs like any other scenario. Model and contract judge it, and the kernel's
//! lock table is read after each step. A known breach of the contract
//! ([`Hazard`](imglock_core::Hazard)) is counted and is not a difference. Any
//! other finding is an [`ExploreDifference`]: the case is run again to see
//! whether the finding is repeatable, reduced to the smallest scenario that
//! still shows it, and written as a scenario file.
//!
//! # Why this is not a library's state machine
//!
//! `proptest-state-machine` also generates a sequence from a reference state,
//! and shrinks it by deleting transitions whose preconditions still hold. In
//! this module, the reference state is a whole world. The library would clone
//! it for each transition of each candidate, and would build new strategies for
//! each state. It also runs a case inside a test, one at a time, and cannot
//! hand out cases to several lanes by their number. The needed parts are small:
//! reproducible random numbers, the question whether a line makes sense at this
//! point (asked while generating and while shrinking), and deletion by halves.
//!
//! ```no_run
//! use imglock_engine::{ExplorePlan, explore};
//! use imglock_core::Backend;
//! use imglock_engine::StopToken;
//! use imglock_engine::SessionOptions;
//!
//! imglock_engine::init();
//! let (_trigger, stop) = StopToken::pair()?;
//! let options = SessionOptions::new(std::env::temp_dir(), stop);
//! let plan = ExplorePlan::new(Backend::Ofd, 1, 1_000);
//! let explored = explore(&plan, &options, &mut |_| {})?;
//! assert!(explored.agrees(), "{}", explored.differences[0].scenario);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod dice;
mod difference;
mod draw;
mod exploration;
mod lane;
mod plan;
mod plot;
mod shrink;
mod simpler;
#[cfg(test)]
mod tests;
mod trial;
mod turn;
mod written;

pub use case::ExploreCase;
pub use difference::{ExploreDifference, ExploreFinding, ExploreRepeat};
pub use exploration::Exploration;
pub use plan::ExplorePlan;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use self::lane::{Message, Tell, Work};
use crate::lanes::{in_lanes, useful_lanes};
use crate::run::{Engine, Environment, HarnessError, SessionOptions};

/// Tries the cases of a plan, as many at a time as `options` has jobs. After
/// each case, `observer` receives the results so far.
///
/// Stopping the exploration is not an error: the results so far are returned,
/// and are not `complete`.
///
/// # Errors
/// If that type of lock does not work in the directory, or processes cannot be
/// started.
pub fn explore(
    plan: &ExplorePlan,
    options: &SessionOptions,
    observer: &mut dyn FnMut(&Exploration),
) -> Result<Exploration, HarnessError> {
    let began = Instant::now();
    let environment = Environment::at(&options.directory);
    let mut explored = Exploration::new(environment.clone(), plan);
    let most = usize::try_from(plan.share()).unwrap_or(usize::MAX).max(1);
    let engines = (0..useful_lanes(options.jobs, most))
        .map(|_| Engine::prepare(options, plan.backend))
        .collect::<Result<Vec<_>, _>>()?;
    let work = Work { plan, environment: &environment };
    let over = AtomicBool::new(false);
    let cases = (0..).map_while(|turn| {
        let is_over = over.load(Ordering::Relaxed) || options.stop.is_stopped();
        if is_over { None } else { plan.own_case(turn) }
    });
    let try_case = |engine: &mut Engine, case, tell: &Tell<'_>| work.try_case(engine, case, tell);
    let mut failed = None;
    in_lanes(engines, cases, try_case, |message| {
        match message {
            Message::Tried(result) => explored.add(&result),
            Message::Differs(difference) => explored.differences.push(*difference),
            // An error in one lane affects the other lanes as well.
            Message::Failed(error) => {
                failed.get_or_insert(error);
                over.store(true, Ordering::Relaxed);
                return ControlFlow::Continue(());
            }
        }
        let enough = explored.differences.len() >= plan.most_differences;
        over.fetch_or(enough, Ordering::Relaxed);
        explored.elapsed_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        observer(&explored);
        ControlFlow::Continue(())
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    explored.differences.sort_by_key(|difference| difference.case);
    let enough = explored.differences.len() >= plan.most_differences;
    explored.complete = enough || explored.done == explored.cases;
    Ok(explored)
}
