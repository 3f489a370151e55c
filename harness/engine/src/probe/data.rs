use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::property::Property;
use super::series::{ProbeTiming, ReleaseDelay};
use crate::run::Environment;
use imglock_core::Backend;

/// All that was found out about locking in one directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Where.
    pub directory: PathBuf,
    /// Kernel, file system, mount options.
    pub environment: Environment,
    /// Whether `F_OFD_GETLK` works on /dev/null. That is what QEMU asks
    /// (`qemu_probe_lock_ops`) before it trusts OFD locks anywhere.
    pub null_has_ofd: bool,
    /// Each property, in the order of [`Property::ALL`].
    pub properties: Vec<ProbeMeasurement>,
    /// How long locks outlive a killed holder: each backend, without and with
    /// an io_uring that has the file registered.
    pub releases: Vec<ReleaseDelay>,
}

impl Probe {
    /// What came of `property` on `backend`; `None` where it was not asked.
    pub fn trial(&self, property: Property, backend: Backend) -> Option<&ProbeTrial> {
        let measured = self.properties.iter().find(|measured| measured.property == property)?;
        Some(measured.on(backend))
    }

    /// Whether everything that could be tried is as it must be, on both
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
    /// Which.
    pub property: Property,
    /// With OFD locks.
    pub ofd: ProbeTrial,
    /// With POSIX locks.
    pub posix: ProbeTrial,
}

impl ProbeMeasurement {
    /// What came of it on `backend`.
    pub fn on(&self, backend: Backend) -> &ProbeTrial {
        match backend {
            Backend::Ofd => &self.ofd,
            Backend::Posix => &self.posix,
        }
    }
}

/// What came of trying a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeTrial {
    /// Whether it is so.
    #[serde(flatten)]
    pub answer: ProbeAnswer,
    /// Whether that is as it must be.
    pub standing: ProbeStanding,
    /// What was done, and what came of it.
    pub evidence: Vec<ProbeEvidence>,
}

/// Whether a property is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum ProbeAnswer {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// A call failed, and not because a lock was in the way.
    Errno {
        /// The errno by its symbol, such as `ENOLCK`.
        errno: String,
    },
    /// A call did not return before its deadline, or its process died.
    NoAnswer {
        /// What happened, in one sentence.
        why: String,
    },
    /// It could not be tried here.
    NotTried {
        /// What is missing.
        why: String,
    },
}

impl ProbeAnswer {
    /// A yes or a no.
    pub fn of(is_so: bool) -> ProbeAnswer {
        if is_so { ProbeAnswer::Yes } else { ProbeAnswer::No }
    }

    /// It could not be tried, and why.
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
    /// It is.
    Holds,
    /// It is not.
    Broken,
    /// Nobody can tell.
    NotTried,
}

/// One step of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeEvidence {
    /// What was done, as a scenario says it.
    pub step: String,
    /// What came of it.
    pub outcome: String,
    /// What must come of it; `None` where nothing depends on it.
    pub expected: Option<String>,
}
