use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::lock::Backend;
use imglock_harness::run::{ScenarioResult, Standing, Starts, Verdict};
use imglock_harness::step::Hazard;
use serde::Serialize;

/// The results counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// As they must be.
    pub passed: usize,
    /// Not as they must be.
    pub failed: usize,
    /// Could not be tried here.
    pub skipped: usize,
    /// A step passed its deadline.
    pub timed_out: usize,
    /// Did not pass, as is known of them.
    pub known: usize,
    /// Passed, or failed otherwise, although a failure is known.
    pub surprises: usize,
    /// How many were skipped for which reason.
    #[serde(skip)]
    pub skip_reasons: BTreeMap<String, usize>,
    /// How many failed as is known, for which reason.
    #[serde(skip)]
    pub known_reasons: BTreeMap<String, usize>,
    /// How many scenarios reproduced a hazard that they declare.
    #[serde(skip)]
    pub reproduced: BTreeMap<(Hazard, Backend), usize>,
    /// How the starts at the same moment ended, in which somebody was refused.
    #[serde(skip)]
    pub starts: BTreeMap<Backend, Starts>,
}

impl Summary {
    /// Counts `results`.
    pub fn of<'r>(results: impl IntoIterator<Item = &'r ScenarioResult>) -> Summary {
        let mut summary = Summary::default();
        // One that several casts played is one scenario.
        let mut seen = BTreeSet::new();
        for result in results {
            match (result.standing(), result.verdict) {
                (Standing::Passed, _) => summary.passed += 1,
                (Standing::Known, _) => {
                    summary.known += 1;
                    let why = result.known.as_ref().map_or("", |known| &known.why);
                    *summary.known_reasons.entry(why.to_owned()).or_default() += 1;
                }
                (Standing::Surprise, _) => summary.surprises += 1,
                (Standing::Skipped, _) => {
                    summary.skipped += 1;
                    *summary.skip_reasons.entry(result.reason.clone()).or_default() += 1;
                }
                (Standing::Bad, Verdict::TimedOut) => summary.timed_out += 1,
                (Standing::Bad, _) => summary.failed += 1,
            }
            let starts = result.trace.starts();
            if starts.contested > 0 {
                let sum = summary.starts.entry(result.backend).or_default();
                sum.contested += starts.contested;
                sum.nobody_won += starts.nobody_won;
            }
            for hazard in reproduced(result) {
                if !seen.insert((hazard, result.backend, &result.scenario)) {
                    continue;
                }
                *summary.reproduced.entry((hazard, result.backend)).or_default() += 1;
            }
        }
        summary
    }

    /// What somebody has to look at: failed, timed out, and otherwise than is
    /// known, together.
    pub fn bad(&self) -> usize {
        self.failed + self.timed_out + self.surprises
    }
}

/// The hazards that showed themselves and were declared.
pub fn reproduced(result: &ScenarioResult) -> impl Iterator<Item = Hazard> {
    let undeclared = |hazard: Hazard| {
        result.findings.iter().any(|finding| finding.hazard == Some(hazard) && finding.is_failure())
    };
    result.hazards.iter().copied().filter(move |hazard| !undeclared(*hazard))
}
