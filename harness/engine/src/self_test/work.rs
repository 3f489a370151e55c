use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::SelfTestError;
use super::{CatchGround, Detection, Detector, FaultResult, HuntEnd, Hunted, SelfTest};
use crate::fault::Fault;
use crate::lanes::each_in_lanes;
use crate::run::{Environment, SessionOptions};
use imglock_core::Backend;
use imglock_locks::Availability;
use imglock_scenario::{ModeMatrix, Scenario};

/// The faults to plant, and the detectors that look for them.
#[derive(Debug, Clone)]
pub struct SelfTestPlan {
    /// The faults.
    pub faults: Vec<Fault>,
    /// The detectors, in the order in which they run.
    pub hunters: Vec<Detector>,
    /// Lock types.
    pub backends: Vec<Backend>,
    /// Whether each detector looks for each fault on each backend, caught or
    /// not.
    pub thorough: bool,
    /// The scenarios to run.
    pub scenarios: Arc<[Arc<Scenario>]>,
    /// The expected outcome of every pair of modes.
    pub matrix: Arc<ModeMatrix>,
    /// The session's options. `jobs` faults are planted at a time, and a fault
    /// that makes a process hang costs one step timeout.
    pub options: SessionOptions,
}

/// Plants the faults, one at a time. Each detector in turn runs without a
/// planted fault, and then with every fault that no earlier detector has found.
///
/// `watch` receives the progress. Stopping is not an error: the results so far
/// are returned. A finding without a planted fault ends the work.
///
/// # Errors
/// If the environment cannot run processes or locks.
pub fn self_test(
    plan: &SelfTestPlan,
    watch: &mut dyn FnMut(&SelfTest),
) -> Result<SelfTest, SelfTestError> {
    // If no lock works at all, there is nothing to skip.
    let available = plan.options.availability()?;
    let mut work = Work { plan, available, began: Instant::now(), state: plan.unbegun(), watch };
    for hunter in &plan.hunters {
        if !work.baseline(*hunter)? || !work.hunt(*hunter)? {
            return Ok(work.state);
        }
    }
    work.state.results.iter_mut().for_each(|result| result.done = true);
    work.state.complete = true;
    work.show();
    Ok(work.state)
}

/// A self-test in progress.
struct Work<'a> {
    plan: &'a SelfTestPlan,
    available: Availability,
    began: Instant,
    state: SelfTest,
    watch: &'a mut dyn FnMut(&SelfTest),
}

impl Work<'_> {
    fn show(&mut self) {
        self.state.elapsed = self.began.elapsed();
        (self.watch)(&self.state);
    }

    /// The faults that no detector has found yet.
    fn open(&self) -> Vec<Fault> {
        let is_open = |result: &&FaultResult| self.plan.thorough || result.caught().is_none();
        self.state.results.iter().filter(is_open).map(|result| result.fault).collect()
    }

    /// Runs a detector without a planted fault, if the detector is needed.
    /// Returns false if no conclusion is possible.
    fn baseline(&mut self, hunter: Detector) -> Result<bool, SelfTestError> {
        if self.open().is_empty() {
            return Ok(true);
        }
        let (plan, available) = (self.plan, self.available.clone());
        let before = self.state.baseline.len();
        let look = |(): &mut (), backend: &Backend| plan.one(&available, None, hunter, *backend);
        let mut collected = Collected::default();
        each_in_lanes(plan.options.jobs, &plan.backends, look, |number, hunt| {
            let goes_on = collected.add(number, hunt);
            self.state.baseline.truncate(before);
            self.state.baseline.extend(collected.results.iter().map(|(_, hunt)| hunt.clone()));
            self.show();
            goes_on
        });
        Ok(collected.whole(plan.backends.len())? && self.state.is_sound())
    }

    /// Runs a detector with every fault that is left. Returns false if the work
    /// was stopped.
    fn hunt(&mut self, hunter: Detector) -> Result<bool, SelfTestError> {
        let (plan, available, open) = (self.plan, self.available.clone(), self.open());
        let look = |(): &mut (), fault: &Fault| plan.each_backend(&available, *fault, hunter);
        let mut collected = Collected::default();
        each_in_lanes(plan.options.jobs, &open, look, |number, hunts| {
            let found = hunts.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            let result = self.state.results.iter_mut().find(|one| one.fault == open[number]);
            if let Some(result) = result {
                result.hunts.extend(found);
                let is_last = plan.hunters.last() == Some(&hunter);
                let is_enough = !plan.thorough && result.caught().is_some();
                result.done = hunts.is_ok() && (is_last || is_enough);
            }
            self.show();
            collected.add(number, hunts)
        });
        collected.whole(open.len())
    }
}

impl SelfTestPlan {
    /// A self-test before any work.
    pub fn unbegun(&self) -> SelfTest {
        let unbegun = |fault: &Fault| FaultResult { fault: *fault, hunts: Vec::new(), done: false };
        SelfTest {
            environment: Environment::at(&self.options.directory),
            hunters: self.hunters.clone(),
            thorough: self.thorough,
            baseline: Vec::new(),
            results: self.faults.iter().map(unbegun).collect(),
            complete: false,
            elapsed: Duration::ZERO,
        }
    }

    fn each_backend(
        &self,
        available: &Availability,
        fault: Fault,
        hunter: Detector,
    ) -> Result<Vec<Detection>, SelfTestError> {
        let mut hunts = Vec::new();
        for backend in &self.backends {
            let hunt = self.one(available, Some(fault), hunter, *backend)?;
            let is_caught = matches!(hunt.end, HuntEnd::Caught(_));
            hunts.push(hunt);
            if is_caught && !self.thorough {
                break;
            }
        }
        Ok(hunts)
    }

    fn one(
        &self,
        available: &Availability,
        fault: Option<Fault>,
        hunter: Detector,
        backend: Backend,
    ) -> Result<Detection, SelfTestError> {
        let why = match (available.of(backend), fault) {
            (Err(error), _) => Some(format!("no {backend} locks here: {error}")),
            (Ok(()), Some(fault)) => fault.pointless_on(backend).map(str::to_owned),
            (Ok(()), None) => None,
        };
        if let Some(why) = why {
            let (runs, duration) = (0, Duration::ZERO);
            return Ok(Detection { hunter, backend, runs, duration, end: HuntEnd::Skipped(why) });
        }
        let ground = CatchGround {
            options: SessionOptions { fault, jobs: 1, ..self.options.clone() },
            backend,
            scenarios: Arc::clone(&self.scenarios),
            matrix: Arc::clone(&self.matrix),
        };
        let began = Instant::now();
        let Hunted { runs, catch } = hunter.hunt(&ground)?;
        let end = catch.map_or(HuntEnd::Nothing, HuntEnd::Caught);
        Ok(Detection { hunter, backend, runs, duration: began.elapsed(), end })
    }
}

/// Results by the number of their unit, and the error that ended the work
/// early.
struct Collected<T> {
    results: Vec<(usize, T)>,
    broken: Option<SelfTestError>,
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Collected { results: Vec::new(), broken: None }
    }
}

impl<T> Collected<T> {
    /// Adds a result, which may end the work.
    fn add(&mut self, number: usize, result: Result<T, SelfTestError>) -> ControlFlow<()> {
        match result {
            Ok(result) => {
                let place = self.results.partition_point(|(other, _)| *other < number);
                self.results.insert(place, (number, result));
                ControlFlow::Continue(())
            }
            // The results so far are kept.
            Err(error) if error.is_stop() => ControlFlow::Break(()),
            Err(error) => {
                self.broken.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Whether every result is present; an error if the work failed.
    fn whole(self, wanted: usize) -> Result<bool, SelfTestError> {
        self.broken.map_or(Ok(self.results.len() == wanted), Err)
    }
}
