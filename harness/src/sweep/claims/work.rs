use std::ops::ControlFlow;
use std::time::Instant;

use super::judge::Judged;
use super::lane::Lane;
use super::{Arrangement, ClaimPlan, ClaimSweep, Swept};
use crate::image::Claim;
use crate::lanes::{InOrder, in_lanes};
use crate::lock::Backend;
use crate::process::ProcessError;
use crate::run::{HarnessError, SessionOptions, raise_descriptor_limit};

/// One row: who holds, under which circumstances.
#[derive(Debug, Clone, Copy)]
struct Task<'a> {
    /// Which arrangement of the sweep.
    index: usize,
    arrangement: Arrangement,
    holders: &'a [Claim],
}

/// Tries all that is planned, in as many lanes as `options` has jobs, and
/// shows `observer` after each row how far it has come. The observer can break
/// it off, at the first difference for one.
///
/// Rows are entered in their order, so that a sweep that was stopped or broken
/// off can be gone on with. It also ends, incomplete, with the first case that
/// gets no answer at all.
///
/// # Errors
/// When locks or processes are not to be had. That it was stopped is no error.
pub fn claim_sweep(
    plan: &ClaimPlan,
    options: &SessionOptions,
    observer: &mut dyn FnMut(&ClaimSweep) -> ControlFlow<()>,
) -> Result<ClaimSweep, HarnessError> {
    let backends: Vec<Backend> = plan.arrangements.iter().map(|one| one.backend).collect();
    options.require(&backends)?;
    raise_descriptor_limit();
    let mut sweep = ClaimSweep::begun(plan, options);
    let rows = plan.openers.rows(plan.shard);
    let tasks = tasks(&sweep, &rows);
    let work = |lane: &mut Option<Lane>, task: &Task<'_>| {
        let lane = match lane {
            Some(lane) => lane,
            None => lane.insert(Lane::start(options, plan.openers.number())?),
        };
        lane.row(task.arrangement, task.holders)
    };
    let mut entry =
        Entry { sweep: &mut sweep, tasks: &tasks, rows: InOrder::default(), since: Instant::now() };
    let mut broken = None;
    in_lanes(options.jobs, &tasks, work, |number, row| match row {
        Ok(judged) => entry.enter(number, judged, observer),
        Err(ProcessError::Stopped) => ControlFlow::Break(()),
        Err(error) => {
            broken = Some(error);
            ControlFlow::Break(())
        }
    });
    if let Some(error) = broken {
        return Err(error.into());
    }
    sweep.complete = sweep.cases_done() == sweep.cases();
    Ok(sweep)
}

/// Enters rows into a sweep in their order, whatever order they end in.
struct Entry<'a> {
    sweep: &'a mut ClaimSweep,
    tasks: &'a [Task<'a>],
    rows: InOrder<Judged>,
    /// When the last row was entered.
    since: Instant,
}

impl Entry<'_> {
    /// Enters a row and those that waited for it; breaks when the sweep is to
    /// end.
    fn enter(
        &mut self,
        number: usize,
        judged: Judged,
        observer: &mut dyn FnMut(&ClaimSweep) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.rows.add(number, judged);
        while let Some((number, judged)) = self.rows.next() {
            let is_silent = judged.is_silent();
            let index = self.tasks[number].index;
            self.sweep.arrangements[index].add(judged, self.since.elapsed());
            self.since = Instant::now();
            observer(self.sweep)?;
            if is_silent {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// What is left to do.
fn tasks<'a>(sweep: &ClaimSweep, rows: &'a [Vec<Claim>]) -> Vec<Task<'a>> {
    let of_one = |(index, swept): (usize, &Swept)| {
        let (arrangement, done) = (swept.arrangement, swept.rows_done as usize);
        let left = rows.get(done..).unwrap_or_default();
        left.iter().map(move |holders| Task { index, arrangement, holders })
    };
    sweep.arrangements.iter().enumerate().flat_map(of_one).collect()
}
