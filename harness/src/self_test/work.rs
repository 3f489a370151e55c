use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lanes::in_lanes;
use super::{End, FaultResult, Ground, Hunt, Hunted, Hunter, SelfTest};
use crate::fault::Fault;
use crate::lock::Backend;
use crate::process::ProcessError;
use crate::run::{Environment, HarnessError, SessionOptions};
use crate::scenario::{ModeMatrix, Scenario};

/// Which faults are planted, and who looks for them.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The faults.
    pub faults: Vec<Fault>,
    /// The hunters, in the order in which they look.
    pub hunters: Vec<Hunter>,
    /// On which locks.
    pub backends: Vec<Backend>,
    /// Each hunter looks for each fault on each backend, found or not.
    pub thorough: bool,
    /// The scenarios that there are.
    pub scenarios: Arc<[Arc<Scenario>]>,
    /// What must come of every pair of modes.
    pub matrix: Arc<ModeMatrix>,
    /// Where and how; so many faults are planted at a time as it has jobs, and
    /// its step timeout is what a hang costs.
    pub options: SessionOptions,
}

/// One hunter on one backend.
type Turn = (Hunter, Backend);

/// Plants one fault after the other and has the hunters look for it, until
/// one of them has found it. `watch` sees how far it has come after each
/// hunt of the baseline and after each fault.
///
/// When the work is stopped, what there is so far is the result.
///
/// # Errors
/// When the environment cannot run processes or locks.
pub fn self_test(plan: &Plan, watch: &mut dyn FnMut(&SelfTest)) -> Result<SelfTest, HarnessError> {
    let began = Instant::now();
    // Where nothing works at all there is nothing to skip either.
    let available = plan.options.availability()?;
    let turns: Vec<Turn> = plan
        .hunters
        .iter()
        .flat_map(|hunter| plan.backends.iter().map(move |backend| (*hunter, *backend)))
        .collect();
    let mut state = plan.unbegun();
    let hunt = |fault: Option<Fault>, (hunter, backend): Turn| -> Result<Hunt, HarnessError> {
        let skipped = |why: String| {
            let (runs, duration) = (0, Duration::ZERO);
            Ok(Hunt { hunter, backend, runs, duration, end: End::Skipped(why) })
        };
        if let Err(error) = available.of(backend) {
            return skipped(format!("no {backend} locks here: {error}"));
        }
        if let Some(why) = fault.and_then(|fault| fault.pointless_on(backend)) {
            return skipped(why.to_owned());
        }
        let began = Instant::now();
        let Hunted { runs, catch } = hunter.hunt(&plan.ground(fault, backend))?;
        let end = catch.map_or(End::Nothing, End::Caught);
        Ok(Hunt { hunter, backend, runs, duration: began.elapsed(), end })
    };

    let mut collected = Collected::default();
    in_lanes(
        plan.options.jobs,
        &turns,
        |turn| hunt(None, *turn),
        |number, hunted| {
            let goes_on = collected.add(number, hunted);
            state.baseline = collected.so_far();
            state.elapsed = began.elapsed();
            watch(&state);
            goes_on
        },
    );
    collected.end()?;
    if state.baseline.len() < turns.len() || !state.is_conclusive() {
        state.complete = state.baseline.len() == turns.len();
        return Ok(state);
    }

    let all = |fault: &Fault| -> Result<FaultResult, HarnessError> {
        let mut result = FaultResult { fault: *fault, hunts: Vec::new() };
        for turn in &turns {
            result.hunts.push(hunt(Some(*fault), *turn)?);
            if !plan.thorough && result.caught().is_some() {
                break;
            }
        }
        Ok(result)
    };
    let mut collected = Collected::default();
    in_lanes(plan.options.jobs, &plan.faults, all, |number, result| {
        let goes_on = collected.add(number, result);
        state.results = collected.so_far();
        state.elapsed = began.elapsed();
        watch(&state);
        goes_on
    });
    collected.end()?;
    state.complete = state.results.len() == plan.faults.len();
    Ok(state)
}

impl Plan {
    /// A self-test of which nothing has been done.
    pub fn unbegun(&self) -> SelfTest {
        SelfTest {
            environment: Environment::at(&self.options.directory),
            hunters: self.hunters.clone(),
            thorough: self.thorough,
            baseline: Vec::new(),
            planned: self.faults.len(),
            results: Vec::new(),
            complete: false,
            elapsed: Duration::ZERO,
        }
    }

    fn ground(&self, fault: Option<Fault>, backend: Backend) -> Ground {
        Ground {
            options: SessionOptions { fault, jobs: 1, ..self.options.clone() },
            backend,
            scenarios: Arc::clone(&self.scenarios),
            matrix: Arc::clone(&self.matrix),
        }
    }
}

/// Results by the number of what they are of, and what ended the work early.
struct Collected<T> {
    results: Vec<(usize, T)>,
    broken: Option<HarnessError>,
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Collected { results: Vec::new(), broken: None }
    }
}

impl<T: Clone> Collected<T> {
    /// Takes a result; false when it is the end of the work.
    fn add(&mut self, number: usize, result: Result<T, HarnessError>) -> bool {
        match result {
            Ok(result) => {
                let place = self.results.partition_point(|(other, _)| *other < number);
                self.results.insert(place, (number, result));
                true
            }
            // What there is so far is the result.
            Err(HarnessError::Process(ProcessError::Stopped)) => false,
            Err(error) => {
                self.broken.get_or_insert(error);
                false
            }
        }
    }

    fn so_far(&self) -> Vec<T> {
        self.results.iter().map(|(_, result)| result.clone()).collect()
    }

    fn end(self) -> Result<(), HarnessError> {
        self.broken.map_or(Ok(()), Err)
    }
}
