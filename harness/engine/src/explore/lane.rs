use std::ops::ControlFlow;
use std::time::Instant;

use super::shrink::Shrinking;
use super::trial::{Trial, steps_of};
use super::{ExploreCase, ExploreDifference, ExploreFinding, ExplorePlan, ExploreRepeat, written};
use crate::process::ProcessError;
use crate::run::{Engine, Environment, ScenarioResult};
use imglock_scenario::Scenario;

/// The number of repeated runs of a case that differs.
const TRIES: u32 = 3;

/// A message from a lane.
#[derive(Debug)]
pub(super) enum Message {
    /// A case was tried.
    Tried(Box<ScenarioResult>),
    /// The case has an unexpected result. This message follows its `Tried` when
    /// shrinking has ended.
    Differs(Box<ExploreDifference>),
    /// The processes of the lane failed.
    Failed(ProcessError),
}

/// Sends a message; breaks once the receiver is gone.
pub(super) type Tell<'a> = dyn Fn(Message) -> ControlFlow<()> + 'a;

/// The state that all lanes share.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) plan: &'a ExplorePlan,
    pub(super) environment: &'a Environment,
}

impl Work<'_> {
    /// Tries one case. Breaks if the lane cannot try another one.
    pub(super) fn try_case(
        &self,
        engine: &mut Engine,
        case: ExploreCase,
        tell: &Tell<'_>,
    ) -> ControlFlow<()> {
        match self.try_and_examine(engine, case, tell) {
            Ok(goes_on) => goes_on,
            Err(ProcessError::Stopped) => ControlFlow::Break(()),
            Err(error) => {
                tell(Message::Failed(error))?;
                ControlFlow::Break(())
            }
        }
    }

    fn try_and_examine(
        &self,
        engine: &mut Engine,
        case: ExploreCase,
        tell: &Tell<'_>,
    ) -> Result<ControlFlow<()>, ProcessError> {
        let scenario = case.scenario();
        let trial = Trial::run(engine, &scenario, case.backend)?;
        let differs = trial.fault.clone().map(|fault| (fault, trial.clone()));
        let heard = tell(Message::Tried(Box::new(trial.result)));
        let Some((fault, trial)) = differs.filter(|_| heard.is_continue()) else {
            return Ok(heard);
        };
        let difference = self.examine(engine, case, scenario, trial, fault)?;
        Ok(tell(Message::Differs(Box::new(difference))))
    }

    /// Runs a case again, and finds the smallest scenario that shows its
    /// difference.
    fn examine(
        &self,
        engine: &mut Engine,
        case: ExploreCase,
        scenario: Scenario,
        trial: Trial,
        fault: ExploreFinding,
    ) -> Result<ExploreDifference, ProcessError> {
        let until = Instant::now() + self.plan.shrinking;
        let steps_found = trial.result.trace.events.len();
        let again = match self.plan.shrinking.is_zero() {
            true => None,
            false => come_again(engine, &scenario, case, &fault)?,
        };
        let mut shrinking = Shrinking { engine, case, fault, scenario, trial, until };
        if again.is_some_and(|again| again.differed > 0) {
            match shrinking.run() {
                // The result so far is still worth reporting.
                Ok(()) | Err(ProcessError::Stopped) => {}
                Err(error) => return Err(error),
            }
        }
        let Shrinking { scenario, trial, fault, .. } = shrinking;
        let fault = trial.fault.clone().unwrap_or(fault);
        let told = written::told(&scenario, &trial, case, &fault, again, self.environment);
        let steps = scenario.items.iter().map(steps_of).sum();
        let scenario = told.to_string();
        Ok(ExploreDifference { case: case.number, fault, again, steps_found, steps, scenario })
    }
}

/// Runs the case a few more times; `None` if the run is stopped.
fn come_again(
    engine: &mut Engine,
    scenario: &Scenario,
    case: ExploreCase,
    fault: &ExploreFinding,
) -> Result<Option<ExploreRepeat>, ProcessError> {
    let mut differed = 0;
    for _ in 0..TRIES {
        match Trial::run(engine, scenario, case.backend) {
            Err(ProcessError::Stopped) => return Ok(None),
            trial => differed += u32::from(trial?.shows(fault)),
        }
    }
    Ok(Some(ExploreRepeat { tries: TRIES, differed }))
}
