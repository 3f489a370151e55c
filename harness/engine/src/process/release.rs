//! The moment at which a lock is let go, told by a process that waits for it.

use nix::errno::Errno;
use std::os::fd::RawFd;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::next::{Next, failed};
use super::wire::Reply;
use crate::raw::numbered;
use imglock_core::Outcome;
use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::KernelLocks;

/// The end of a wait for a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// [`Outcome::Granted`], or why the wait ended without the lock.
    pub outcome: Outcome,
    /// When the waiting process ran again, by [`monotonic`].
    pub at: Duration,
}

/// `clock_gettime(CLOCK_MONOTONIC)`—a clock that all processes of a machine
/// read alike, so that a moment can be told to another process.
#[doc(alias = "CLOCK_MONOTONIC")]
pub fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Says that it is about to wait, waits, and says when that ended.
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
