//! The results of a run, counted.

use std::collections::BTreeMap;

use imglock_core::{Backend, Hazard, Verdict};
use imglock_engine::{ScenarioResult, SimultaneousStarts};
use imglock_scenario::Standing;
use serde::Serialize;

use super::palette::Worth;
use super::standing;
use crate::phrase::count;

/// The number of results by verdict, and what they have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// All judges agree.
    pub passed: usize,
    /// A judge objects.
    pub failed: usize,
    /// Cannot run here.
    pub skipped: usize,
    /// A step passed its deadline.
    pub timed_out: usize,
    /// Failed, as is known.
    pub known: usize,
    /// Differ from a known failure.
    pub surprises: usize,
    /// The number of results skipped, by reason.
    #[serde(skip)]
    skip_reasons: BTreeMap<String, usize>,
    /// The number of known failures, by reason.
    #[serde(skip)]
    known_reasons: BTreeMap<String, usize>,
    /// The number of runs that show a hazard as declared.
    #[serde(skip)]
    pub hazards: BTreeMap<(Hazard, Backend), usize>,
    /// The simultaneous starts in which an opener was refused.
    #[serde(skip)]
    starts: BTreeMap<Backend, SimultaneousStarts>,
}

impl Summary {
    /// Counts `results`.
    pub fn of<'r>(results: impl IntoIterator<Item = &'r ScenarioResult>) -> Summary {
        let mut summary = Summary::default();
        for result in results {
            match (result.standing(), result.verdict) {
                (Standing::Passed, _) => summary.passed += 1,
                (Standing::Known, _) => {
                    summary.known += 1;
                    let why = standing::known(result).to_owned();
                    *summary.known_reasons.entry(why).or_default() += 1;
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
            for hazard in as_declared(result) {
                *summary.hazards.entry((hazard, result.backend)).or_default() += 1;
            }
        }
        summary
    }

    /// The number of results that need attention: failed, timed out, or
    /// different from a known failure.
    pub fn bad(&self) -> usize {
        self.failed + self.timed_out + self.surprises
    }

    /// Each count with its name; counts of known failures only if there are any.
    pub fn counts(&self) -> Vec<(usize, &'static str, Worth)> {
        let mut counts = vec![
            (self.passed, "passed", Worth::Good),
            (self.failed, "failed", Worth::Bad),
            (self.skipped, "skipped", Worth::Careful),
            (self.timed_out, "timed out", Worth::Bad),
        ];
        let known = [
            (self.known, "known to fail", Worth::Careful),
            (self.surprises, "unexpected", Worth::Bad),
        ];
        counts.extend(known.into_iter().filter(|(number, ..)| *number > 0));
        counts
    }

    /// The reasons for skipped results and known failures, a line each.
    pub fn reasons(&self) -> Vec<String> {
        let lines = |word: &'static str, reasons: &BTreeMap<String, usize>| -> Vec<String> {
            reasons.iter().map(|(reason, number)| format!("{word} {number}: {reason}")).collect()
        };
        [lines("skipped", &self.skip_reasons), lines("known", &self.known_reasons)].concat()
    }

    /// The hazards that happened as declared: `lock loss in 2 runs (posix)`.
    pub fn hazard_words(&self) -> Vec<String> {
        let words = |((hazard, backend), number): (&(Hazard, Backend), &usize)| {
            let name = hazard.name().replace('-', " ");
            format!("{name} in {} ({backend})", count(*number, "run", "runs"))
        };
        self.hazards.iter().map(words).collect()
    }

    /// The simultaneous starts, a line for each backend.
    pub fn contests(&self) -> Vec<String> {
        let line = |(backend, starts): (&Backend, &SimultaneousStarts)| {
            let SimultaneousStarts { contested, nobody_won } = *starts;
            let starts = count(contested, "simultaneous start", "simultaneous starts");
            format!(
                "{starts} with a conflict ({backend}); every opener was refused in {nobody_won} (allowed)"
            )
        };
        self.starts.iter().map(line).collect()
    }
}

/// The hazards that the scenario declares and that happened.
fn as_declared(result: &ScenarioResult) -> impl Iterator<Item = Hazard> {
    let undeclared = |hazard: Hazard| {
        result.findings.iter().any(|finding| finding.hazard == Some(hazard) && finding.is_failure())
    };
    result.hazards.iter().copied().filter(move |hazard| !undeclared(*hazard))
}
