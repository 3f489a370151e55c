use serde::{Deserialize, Serialize};

use crate::series::TimeSpread;
use imglock_core::Backend;

/// How long a lock outlives its killed holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseDelay {
    /// Which kind of lock.
    pub backend: Backend,
    /// Whether the holder had registered the file with an io_uring instance.
    pub uring: bool,
    /// What came of it.
    pub timing: ProbeTiming,
}

/// What came of a series of kills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum ProbeTiming {
    /// Every lock went, and this is when.
    Measured(ProbeDelays),
    /// It could not be tried here.
    NotTried {
        /// Why.
        why: String,
    },
    /// A lock was still there when the time that a step may take had passed.
    NotReleased,
}

/// Times of a series, accurate to the waking up of a process: some tens of
/// microseconds on an idle machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeDelays {
    /// How many times it was tried.
    pub rounds: usize,
    /// From the sending of SIGKILL until the lock was another's.
    pub from_kill: TimeSpread,
    /// From the moment at which the process counted as dead (its pidfd said
    /// so) until the lock was another's; 0 where it was by then.
    pub after_exit: TimeSpread,
}
