use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Finding, Place, Trace};
use imglock_core::{Backend, Hazard, PlaceName, ScenarioName, Verdict};
use imglock_scenario::{Known, RunKey, Standing};

/// One scenario on one backend with one subject: the verdict and the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// The [name](super::Place::name) of the place where it was run.
    #[serde(default, skip_serializing_if = "PlaceName::is_here")]
    pub place: PlaceName,
    /// The scenario's name.
    pub scenario: ScenarioName,
    /// The lock backend of the run.
    pub backend: Backend,
    /// The subjects that played the processes: `builtin`, or
    /// `builtin+qemu-system` for the first and the second process.
    pub subject: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason for the verdict in one sentence; empty for a pass.
    pub reason: String,
    /// The duration of the run (whole microseconds in JSON).
    #[serde(rename = "duration_us", with = "microseconds")]
    pub duration: Duration,
    /// The hazards that happened, declared or not.
    pub hazards: BTreeSet<Hazard>,
    /// The findings of the judges.
    pub findings: Vec<Finding>,
    /// The events of the run.
    pub trace: Trace,
    /// The entry of the known-failures file for this run, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

impl ScenarioResult {
    /// The key by which known failures are looked up, for a run at `place`.
    pub fn key<'a>(&'a self, place: &'a Place) -> RunKey<'a> {
        RunKey {
            scenario: &self.scenario,
            backend: self.backend,
            subject: &self.subject,
            file_systems: [place.file_system(), &place.environment.file_system],
            kernel: place.kernel(),
        }
    }

    /// A result for a run that was skipped because of `reason`.
    pub fn skipped(
        scenario: impl Into<ScenarioName>,
        backend: Backend,
        subject: String,
        reason: String,
    ) -> ScenarioResult {
        ScenarioResult {
            place: PlaceName::HERE,
            scenario: scenario.into(),
            backend,
            subject,
            verdict: Verdict::Skipped,
            reason,
            duration: Duration::ZERO,
            hazards: BTreeSet::new(),
            findings: Vec::new(),
            trace: Trace::default(),
            known: None,
        }
    }

    /// The standing of the result, with known failures taken into account.
    pub fn standing(&self) -> Standing {
        Standing::of(self.verdict, self.known.as_ref())
    }
}

/// Times in whole microseconds.
pub(crate) mod microseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_micros(u64::deserialize(from)?))
    }
}
