//! The time at which a lock is released, reported by a process that waits for
//! it.

use nix::errno::Errno;
use std::os::fd::RawFd;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::next::{Next, failed};
use super::wire::Reply;
use crate::raw::numbered;
use imglock_core::{Backend, ByteLocks, LockType, Outcome, RangeSpec};
use imglock_locks::KernelLocks;

/// The end of a wait for a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// [`Outcome::Granted`], or why the wait ended without the lock.
    pub outcome: Outcome,
    /// The time at which the waiting process ran again, by [`monotonic`].
    pub at: Duration,
}

/// `clock_gettime(CLOCK_MONOTONIC)`—the time on a clock that all processes of a
/// machine share, so that they can compare times.
#[doc(alias = "CLOCK_MONOTONIC")]
pub fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Reports that the wait begins, waits for the lock, and reports the end of the
/// wait.
pub(super) fn tell(channel: &mut Channel, fd: RawFd, backend: Backend, range: RangeSpec) -> Next {
    let Some(fd) = numbered(fd) else { return failed(Errno::EBADF).into() };
    if channel.send(&Reply::from(Outcome::Blocked)).is_err() {
        return Next::Exit(1);
    }
    let waited = KernelLocks::new(fd, backend).set_wait(LockType::Write, range);
    let at = monotonic();
    let outcome = waited.map_or_else(|error| Outcome::Failed(error.errno()), |()| Outcome::Granted);
    match channel.send(&Released { outcome, at }) {
        Ok(()) => Next::Replied,
        Err(_) => Next::Exit(1),
    }
}
