use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExploreDifference, ExplorePlan};
use crate::run::{Environment, EventKind, ScenarioResult};
use imglock_core::{Hazard, Outcome};

/// The results of an exploration, complete or so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// The environment of the exploration.
    pub environment: Environment,
    /// The plan.
    pub plan: ExplorePlan,
    /// The number of this machine's cases.
    pub cases: u64,
    /// The number of cases tried.
    pub done: u64,
    /// The number of steps taken in them.
    pub steps: u64,
    /// The number of steps whose outcome the model does not predict.
    pub undetermined: u64,
    /// The number of outcomes of each kind for each verb.
    pub verbs: BTreeMap<String, BTreeMap<String, u64>>,
    /// The number of cases in which each hazard occurred.
    pub hazards: BTreeMap<Hazard, u64>,
    /// The cases with unexpected results.
    pub differences: Vec<ExploreDifference>,
    /// Whether every case was tried, or the planned number of differences ended
    /// the exploration.
    pub complete: bool,
    /// The duration, in microseconds.
    pub elapsed_us: u64,
}

impl Exploration {
    /// The state before the first case.
    pub(super) fn new(environment: Environment, plan: &ExplorePlan) -> Exploration {
        Exploration {
            environment,
            plan: plan.clone(),
            cases: plan.share(),
            done: 0,
            steps: 0,
            undetermined: 0,
            verbs: BTreeMap::new(),
            hazards: BTreeMap::new(),
            differences: Vec::new(),
            complete: false,
            elapsed_us: 0,
        }
    }

    /// Whether every tried case had the expected results.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    /// Adds the result of a case.
    pub(super) fn add(&mut self, result: &ScenarioResult) {
        self.done += 1;
        for hazard in &result.hazards {
            *self.hazards.entry(*hazard).or_default() += 1;
        }
        for event in &result.trace.events {
            let EventKind::Step(step) = &event.kind else { continue };
            self.steps += 1;
            self.undetermined += u64::from(step.predicted.is_none());
            let kind = step.outcome.as_ref().map_or(Cow::Borrowed("no answer"), kind_of);
            let kinds = match self.verbs.get_mut(step.action.kind().word()) {
                Some(kinds) => kinds,
                None => self.verbs.entry(step.action.kind().word().to_owned()).or_default(),
            };
            match kinds.get_mut(kind.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    kinds.insert(kind.into_owned(), 1);
                }
            }
        }
    }
}

/// An outcome without its details.
fn kind_of(outcome: &Outcome) -> Cow<'static, str> {
    Cow::Borrowed(match outcome {
        Outcome::Granted => "granted",
        Outcome::Refused(_) => "refused",
        Outcome::LockByte { .. } => "byte",
        Outcome::Failed(error) => return Cow::Owned(error.to_string()),
        Outcome::Blocked => "blocked",
        Outcome::Paused => "paused",
        Outcome::Done => "done",
        Outcome::NotOpen => "not-open",
        Outcome::Free => "free",
        Outcome::Held { .. } => "held",
        Outcome::Data(_) => "data",
    })
}
