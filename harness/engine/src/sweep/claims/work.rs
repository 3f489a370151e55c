use std::ops::ControlFlow;
use std::time::Instant;

use super::judge::Judged;
use super::lane::Lane;
use super::{Arrangement, ClaimPlan, ClaimSweep, SweptPart};
use crate::lanes::in_order;
use crate::process::ProcessError;
use crate::run::{HarnessError, SessionOptions, raise_descriptor_limit};
use imglock_core::{Backend, Claim};

/// One row: the holders and their arrangement.
#[derive(Debug, Clone, Copy)]
struct Task<'a> {
    /// The index of the arrangement in the sweep.
    index: usize,
    arrangement: Arrangement,
    holders: &'a [Claim],
}

/// Tries all planned cases, in as many lanes as `options` has jobs. After each
/// row, `observer` receives the progress and may end the sweep, for example at
/// the first difference.
///
/// Rows are entered in order, so an interrupted sweep can be continued. The
/// sweep also ends, incomplete, at the first case without an answer.
///
/// # Errors
/// If locks or processes are not available. Stopping the sweep is not an error.
pub fn claim_sweep(
    plan: &ClaimPlan,
    options: &SessionOptions,
    observer: &mut dyn FnMut(&ClaimSweep) -> ControlFlow<()>,
) -> Result<ClaimSweep, HarnessError> {
    let backends: Vec<Backend> = plan.arrangements.iter().map(|one| one.backend).collect();
    options.require(&backends)?;
    raise_descriptor_limit();
    let mut sweep = plan.begin(options);
    let rows = plan.openers.rows(plan.shard);
    let tasks = tasks(&sweep, &rows);
    let work = |lane: &mut Option<Lane>, task: &Task<'_>| {
        let lane = match lane {
            Some(lane) => lane,
            None => lane.insert(Lane::start(options, plan.openers.number())?),
        };
        lane.row(task.arrangement, task.holders)
    };
    let mut since = Instant::now();
    let enter = |number: usize, judged: Judged| {
        let is_silent = judged.is_silent();
        sweep.arrangements[tasks[number].index].add(judged, since.elapsed());
        since = Instant::now();
        observer(&sweep)?;
        if is_silent { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match in_order(options.jobs, &tasks, work, enter) {
        Ok(()) | Err(ProcessError::Stopped) => {}
        Err(error) => return Err(error.into()),
    }
    sweep.complete = sweep.cases_done() == sweep.cases();
    Ok(sweep)
}

/// The remaining rows.
fn tasks<'a>(sweep: &ClaimSweep, rows: &'a [Vec<Claim>]) -> Vec<Task<'a>> {
    let of_one = |(index, swept): (usize, &SweptPart)| {
        let (arrangement, done) = (swept.arrangement, swept.rows_done as usize);
        let left = rows.get(done..).unwrap_or_default();
        left.iter().map(move |holders| Task { index, arrangement, holders })
    };
    sweep.arrangements.iter().enumerate().flat_map(of_one).collect()
}
