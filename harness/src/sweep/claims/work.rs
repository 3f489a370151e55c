use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use super::judge::Judged;
use super::lane::Lane;
use super::{Arrangement, ClaimPlan, ClaimSweep, Openers, Swept};
use crate::image::Claim;
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

type Answer = (usize, Result<Judged, ProcessError>);

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
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, answers) = channel();
        for _ in 0..options.jobs.max(1).min(tasks.len()) {
            let lane = Work { next: &next, tasks: &tasks, options, answers: sender.clone() };
            scope.spawn(move || lane.work(plan.openers));
        }
        drop(sender);
        let entered = enter(answers, &tasks, &mut sweep, observer);
        next.store(tasks.len(), Ordering::Relaxed);
        entered
    })?;
    sweep.complete = sweep.cases_done() == sweep.cases();
    Ok(sweep)
}

/// Enters what rows came to, in their order, until there are no more or the
/// sweep is to end.
fn enter(
    answers: Receiver<Answer>,
    tasks: &[Task<'_>],
    sweep: &mut ClaimSweep,
    observer: &mut dyn FnMut(&ClaimSweep) -> ControlFlow<()>,
) -> Result<(), HarnessError> {
    let mut ahead: BTreeMap<usize, Judged> = BTreeMap::new();
    let mut entered = 0;
    let mut since = Instant::now();
    for (number, answer) in answers {
        match answer {
            Ok(judged) => ahead.insert(number, judged),
            Err(ProcessError::Stopped) => break,
            Err(error) => return Err(error.into()),
        };
        while let Some(judged) = ahead.remove(&entered) {
            let is_silent = judged.is_silent();
            sweep.arrangements[tasks[entered].index].add(judged, since.elapsed());
            since = Instant::now();
            entered += 1;
            if observer(sweep).is_break() || is_silent {
                return Ok(());
            }
        }
    }
    Ok(())
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

/// What one lane works at.
struct Work<'a> {
    next: &'a AtomicUsize,
    tasks: &'a [Task<'a>],
    options: &'a SessionOptions,
    answers: Sender<Answer>,
}

impl Work<'_> {
    fn work(self, openers: Openers) {
        let mut lane = match Lane::start(self.options, openers.number()) {
            Ok(lane) => lane,
            Err(error) => return drop(self.answers.send((0, Err(error)))),
        };
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(number) else { return };
            let judged = lane.row(task.arrangement, task.holders);
            let failed = judged.is_err();
            if self.answers.send((number, judged)).is_err() || failed {
                return;
            }
        }
    }
}
