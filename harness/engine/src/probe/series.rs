use serde::{Deserialize, Serialize};

use crate::series::TimeSpread;
use imglock_core::Backend;

/// The time for which a lock outlives its killed holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseDelay {
    /// Lock type.
    pub backend: Backend,
    /// Whether the holder had registered the file with an io_uring instance.
    pub uring: bool,
    /// The result.
    pub timing: ProbeTiming,
}

/// The result of a series of kills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum ProbeTiming {
    /// Every lock was released; these are the times.
    Measured(ProbeDelays),
    /// The series could not be measured here.
    NotTried {
        /// The reason.
        why: String,
    },
    /// A lock was still held after the time limit of a step.
    NotReleased,
}

/// The times of a series. They include the wake-up of a process: some tens of
/// microseconds on an idle machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeDelays {
    /// The number of rounds.
    pub rounds: usize,
    /// From the sending of SIGKILL to the waiter's acquisition of the lock.
    pub from_kill: TimeSpread,
    /// From the process's death, as its pidfd reports it, to the waiter's
    /// acquisition of the lock; 0 if the lock was acquired before.
    pub after_exit: TimeSpread,
}
