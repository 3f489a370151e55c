use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Finding, Place, Trace};
use imglock_core::{Backend, Hazard, PlaceName, Verdict};
use imglock_scenario::{Known, RunKey, Standing};

/// One scenario on one backend with one subject: the verdict and the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// The [name](super::Place::name) of the place it was run at.
    #[serde(default, skip_serializing_if = "PlaceName::is_here")]
    pub place: PlaceName,
    /// The scenario's name.
    pub scenario: String,
    /// On which locks it was run.
    pub backend: Backend,
    /// Who played the processes: `builtin`, or `builtin+qemu-system` for the
    /// first and the second.
    pub subject: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Why, in one sentence; empty for a pass.
    pub reason: String,
    /// How long it took.
    #[serde(rename = "duration_us", with = "microseconds")]
    pub duration: Duration,
    /// The hazards that showed themselves, declared or not.
    pub hazards: BTreeSet<Hazard>,
    /// What the judges found.
    pub findings: Vec<Finding>,
    /// What happened.
    pub trace: Trace,
    /// What was known of it beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

impl ScenarioResult {
    /// The run as far as known failures look at it, where it was at `place`.
    pub fn key<'a>(&'a self, place: &'a Place) -> RunKey<'a> {
        RunKey {
            scenario: &self.scenario,
            backend: self.backend,
            subject: &self.subject,
            file_systems: [place.file_system(), &place.environment.file_system],
            kernel: place.kernel(),
        }
    }

    /// One that could not be tried here, and why.
    pub fn skipped(
        scenario: &str,
        backend: Backend,
        subject: String,
        reason: String,
    ) -> ScenarioResult {
        ScenarioResult {
            place: PlaceName::HERE,
            scenario: scenario.to_owned(),
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

    /// Where it stands, with what was known of it taken into account.
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
