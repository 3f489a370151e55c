use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::property::Property;
use super::series::{ProbeTiming, ReleaseDelay};
use crate::run::Environment;
use imglock_core::Backend;
use imglock_locks::Reach;

/// All results about locking in one directory, or on one block device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The directory, or the block device.
    pub path: PathBuf,
    /// How far locks there reach.
    pub reach: Reach,
    /// Kernel, file system, mount options.
    pub environment: Environment,
    /// Whether `F_OFD_GETLK` works on /dev/null. QEMU tests this before it uses
    /// OFD locks on any file (`qemu_probe_lock_ops` in util/osdep.c).
    pub null_has_ofd: bool,
    /// Each property, in the order of [`Property::ALL`].
    pub properties: Vec<ProbeMeasurement>,
    /// The delay between a holder's death and the release of its lock: for each
    /// backend, without and with an io_uring that has the file registered.
    pub releases: Vec<ReleaseDelay>,
}

impl Probe {
    /// The result of `property` on `backend`; `None` if it was not tried.
    pub fn trial(&self, property: Property, backend: Backend) -> Option<&ProbeTrial> {
        let measured = self.properties.iter().find(|measured| measured.property == property)?;
        Some(measured.on(backend))
    }

    /// Whether every property that could be tried is as it must be, on both
    /// backends.
    pub fn holds(&self) -> bool {
        let broken = |trial: &ProbeTrial| trial.standing == ProbeStanding::Broken;
        let released = |release: &ReleaseDelay| release.timing != ProbeTiming::NotReleased;
        !self.properties.iter().any(|measured| broken(&measured.ofd) || broken(&measured.posix))
            && self.releases.iter().all(released)
    }
}

/// One property on both backends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeMeasurement {
    /// The property.
    pub property: Property,
    /// With OFD locks.
    pub ofd: ProbeTrial,
    /// With POSIX locks.
    pub posix: ProbeTrial,
}

impl ProbeMeasurement {
    /// The result on `backend`.
    pub fn on(&self, backend: Backend) -> &ProbeTrial {
        match backend {
            Backend::Ofd => &self.ofd,
            Backend::Posix => &self.posix,
        }
    }
}

/// The result of trying a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeTrial {
    /// Whether the property holds.
    #[serde(flatten)]
    pub answer: ProbeAnswer,
    /// Whether this answer is as it must be.
    pub standing: ProbeStanding,
    /// The steps and their outcomes.
    pub evidence: Vec<ProbeEvidence>,
}

/// Whether a property holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum ProbeAnswer {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// A call failed, and not because of a conflicting lock.
    Errno {
        /// The errno by its symbol, such as `ENOLCK`.
        errno: String,
    },
    /// A call did not return before its deadline, or its process died.
    NoAnswer {
        /// The reason, in one sentence.
        why: String,
    },
    /// The property could not be tried here.
    NotTried {
        /// The missing requirement.
        why: String,
    },
}

impl ProbeAnswer {
    /// `Yes` or `No`.
    pub fn of(is_so: bool) -> ProbeAnswer {
        if is_so { ProbeAnswer::Yes } else { ProbeAnswer::No }
    }

    /// The property could not be tried, for the reason `why`.
    pub fn not_tried(why: impl Into<String>) -> ProbeAnswer {
        ProbeAnswer::NotTried { why: why.into() }
    }
}

impl fmt::Display for ProbeAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ProbeAnswer::Yes => "yes",
            ProbeAnswer::No => "no",
            ProbeAnswer::Errno { errno } => errno,
            ProbeAnswer::NoAnswer { .. } => "no answer",
            ProbeAnswer::NotTried { .. } => "not tried",
        })
    }
}

/// Whether an answer is as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeStanding {
    /// The answer is as it must be.
    Holds,
    /// The answer is not as it must be.
    Broken,
    /// The property was not tried.
    NotTried,
}

/// One step of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeEvidence {
    /// The step, as a line of a scenario.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// The expected outcome; `None` if the answer does not depend on it.
    pub expected: Option<String>,
}
