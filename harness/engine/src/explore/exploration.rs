use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExploreDifference, ExplorePlan};
use crate::run::{Environment, EventKind, ScenarioResult};
use imglock_core::{Hazard, Outcome};

/// What came of an exploration, or has come of it so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// Where.
    pub environment: Environment,
    /// What was to be explored.
    pub plan: ExplorePlan,
    /// How many cases are this machine's.
    pub cases: u64,
    /// How many of them were tried.
    pub done: u64,
    /// How many steps were taken in them.
    pub steps: u64,
    /// On how many of these the model did not know what must come of them.
    pub undetermined: u64,
    /// How often each verb had each kind of outcome.
    pub verbs: BTreeMap<String, BTreeMap<String, u64>>,
    /// In how many cases each hazard showed itself.
    pub hazards: BTreeMap<Hazard, u64>,
    /// What was not as it must be.
    pub differences: Vec<ExploreDifference>,
    /// Whether every case was tried, or the first differences ended it as planned.
    pub complete: bool,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
}

impl Exploration {
    /// Nothing yet.
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

    /// Whether everything that was tried is as it must be.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    /// Adds what a case has shown.
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
