use std::collections::{BTreeMap, BTreeSet};

use super::ExploreFinding;
use crate::process::ProcessError;
use crate::run::{Engine, RunOptions, ScenarioResult, Scrutiny};
use imglock_core::{Backend, Hazard, Verdict};
use imglock_scenario::{Item, Scenario};

/// A case run on the kernel: the result and the first finding.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub(super) result: ScenarioResult,
    pub(super) fault: Option<ExploreFinding>,
}

impl Trial {
    pub(super) fn run(
        engine: &mut Engine,
        scenario: &Scenario,
        backend: Backend,
    ) -> Result<Trial, ProcessError> {
        let result =
            engine.run(scenario, RunOptions::new(backend).scrutiny(Scrutiny::Undeclared))?;
        if result.verdict == Verdict::Skipped {
            // This is not a fault of the case: the user's process limit is
            // reached.
            return Err(ProcessError::Refused(result.reason));
        }
        let fault = result.findings.iter().find(|finding| finding.is_failure()).map(|finding| {
            let event = finding.event.and_then(|event| result.trace.events.get(event));
            ExploreFinding {
                judge: finding.judge,
                step: event.map(|event| event.text.clone()).unwrap_or_default(),
                expected: finding.expected.clone(),
                actual: finding.actual.clone(),
                message: finding.message.clone(),
            }
        });
        Ok(Trial { result, fault })
    }

    /// Whether the same judge has a finding as in another trial.
    pub(super) fn shows(&self, fault: &ExploreFinding) -> bool {
        self.fault.as_ref().is_some_and(|one| one.judge == fault.judge)
    }

    /// The lines that were run. The finding ends a run.
    pub(super) fn played<'s>(&self, scenario: &'s Scenario) -> &'s [Item] {
        let mut left = self.result.trace.events.len();
        let played = scenario.items.iter().take_while(|item| {
            let began = left > 0;
            left = left.saturating_sub(steps_of(item));
            began
        });
        let count = played.count();
        &scenario.items[..count]
    }

    /// The scenario with declarations of the hazards that occurred before the
    /// finding, so that a run has no other undeclared hazard. A hazard that
    /// occurs together with the finding is a consequence of it and is not
    /// declared.
    pub(super) fn declared(&self, scenario: &Scenario) -> Scenario {
        let findings = &self.result.findings;
        let fault = findings.iter().find(|finding| finding.is_failure());
        let fault = fault.and_then(|finding| finding.event);
        let earlier = findings.iter().filter(|one| one.event != fault);
        let hazards: BTreeSet<Hazard> = earlier.filter_map(|finding| finding.hazard).collect();
        let declared = (!hazards.is_empty()).then_some((self.result.backend, hazards));
        Scenario { hazards: BTreeMap::from_iter(declared), ..scenario.clone() }
    }
}

/// The number of steps in an item.
pub(super) fn steps_of(item: &Item) -> usize {
    match item {
        Item::Together(block) => block.steps.len(),
        Item::Step(_) | Item::Held(_) | Item::Repeat { .. } => 1,
    }
}
