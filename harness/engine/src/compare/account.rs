use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::run::{Judge, ScenarioResult, microseconds};
use imglock_core::Hazard;
use imglock_core::Verdict;
use imglock_scenario::{ExpectedVerdict, Known, Standing};

/// What one of the two runs came to, without its trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The verdict.
    pub verdict: Verdict,
    /// Where that stands, with what was known taken into account.
    pub standing: Standing,
    /// Why, in one sentence; empty for a pass.
    pub reason: String,
    /// How long it took.
    #[serde(rename = "duration_us", with = "microseconds")]
    pub duration: Duration,
    /// The hazards that showed themselves.
    pub hazards: BTreeSet<Hazard>,
    /// What the judges object to.
    pub objections: Vec<ComparedFinding>,
    /// What was known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// What a judge objects to, with the step that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedFinding {
    /// Who.
    pub judge: Judge,
    /// The index of the step's event; `None` for the run as a whole.
    pub event: Option<usize>,
    /// The line in the scenario's file, if it is about one.
    pub line: Option<usize>,
    /// The line as text; empty for the run as a whole.
    pub text: String,
    /// What must have been, in words.
    pub expected: String,
    /// What was.
    pub actual: String,
    /// One sentence that puts the two together.
    pub message: String,
}

impl ComparedRun {
    /// Whether chance has it either way, as is known.
    pub(super) fn may_fail(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.expected == ExpectedVerdict::MayFail)
    }

    pub(super) fn of(result: &ScenarioResult) -> ComparedRun {
        let failures = result.findings.iter().filter(|finding| finding.is_failure());
        let objections = failures.map(|finding| {
            let event = finding.event.and_then(|index| result.trace.events.get(index));
            ComparedFinding {
                judge: finding.judge,
                event: finding.event,
                line: event.map(|event| event.line),
                text: event.map(|event| event.text.clone()).unwrap_or_default(),
                expected: finding.expected.clone(),
                actual: finding.actual.clone(),
                message: finding.message.clone(),
            }
        });
        ComparedRun {
            verdict: result.verdict,
            standing: result.standing(),
            reason: result.reason.clone(),
            duration: result.duration,
            hazards: result.hazards.clone(),
            objections: objections.collect(),
            known: result.known.clone(),
        }
    }
}
