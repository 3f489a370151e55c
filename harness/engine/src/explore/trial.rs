use std::collections::{BTreeMap, BTreeSet};

use super::ExploreFinding;
use crate::process::ProcessError;
use crate::run::{Engine, RunOptions, ScenarioResult, Scrutiny};
use imglock_core::Backend;
use imglock_core::Hazard;
use imglock_core::Verdict;
use imglock_scenario::{Item, Scenario};

/// A case on the kernel: what happened, and what was not as it must be.
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
            // Not the case's fault: this user may have no more processes.
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

    /// Whether the same judge finds fault as in another trial.
    pub(super) fn shows(&self, fault: &ExploreFinding) -> bool {
        self.fault.as_ref().is_some_and(|one| one.judge == fault.judge)
    }

    /// The lines that were played: the fault ends a run.
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

    /// The scenario with the hazards declared that showed themselves before
    /// the fault, so that whoever runs it finds nothing else undeclared. What
    /// shows itself together with the fault comes of it, and is gone when it is.
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

/// How many steps an item has.
pub(super) fn steps_of(item: &Item) -> usize {
    match item {
        Item::Together(block) => block.steps.len(),
        Item::Step(_) | Item::Held(_) | Item::Repeat { .. } => 1,
    }
}
