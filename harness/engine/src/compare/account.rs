use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::run::{Judge, ScenarioResult, microseconds};
use imglock_core::{Hazard, Verdict};
use imglock_scenario::{ExpectedVerdict, Known, Standing};

/// The result of one of the two runs, without its trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedRun {
    /// The verdict.
    pub verdict: Verdict,
    /// The standing, which takes known failures into account.
    pub standing: Standing,
    /// The reason, in one sentence; empty for a pass.
    pub reason: String,
    /// The duration.
    #[serde(rename = "duration_us", with = "microseconds")]
    pub duration: Duration,
    /// The hazards that occurred.
    pub hazards: BTreeSet<Hazard>,
    /// The findings of the judges.
    pub objections: Vec<ComparedFinding>,
    /// The entry about the run in the file of known failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// The finding of a judge, with its step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedFinding {
    /// The judge.
    pub judge: Judge,
    /// The index of the step's event; `None` for the run as a whole.
    pub event: Option<usize>,
    /// The line in the scenario's file; `None` if the finding is about no line.
    pub line: Option<usize>,
    /// The line as text; empty for the run as a whole.
    pub text: String,
    /// The expected result, in words.
    pub expected: String,
    /// The actual result, in words.
    pub actual: String,
    /// The finding in one sentence.
    pub message: String,
}

impl ComparedRun {
    /// Whether the run is known to pass sometimes and fail sometimes.
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
