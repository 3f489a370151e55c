use std::os::fd::RawFd;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use super::{Fault, Surroundings};
use imglock_core::{ByteLocks, LockError, LockType, RangeSpec};

/// The most time that a released lock is left for another waiter to acquire.
const TURN: Duration = Duration::from_secs(1);

/// Waits for a lock with a fault.
pub(super) fn wait(
    fault: Fault,
    locks: &mut dyn ByteLocks,
    kind: LockType,
    range: RangeSpec,
    (around, fd): (&dyn Surroundings, RawFd),
) -> Result<(), LockError> {
    match locks.set(kind, range) {
        Err(LockError::WouldBlock { .. }) => {}
        at_once => return at_once,
    }
    match fault {
        Fault::NeverWaits => Ok(()),
        Fault::DeadlockInvented => Err(LockError::Deadlock),
        Fault::NeverWoken => {
            locks.set_wait(kind, range)?;
            locks.unlock(range)?;
            around.wait_forever();
            Err(LockError::Interrupted)
        }
        Fault::WokenWithoutLock => {
            locks.set_wait(kind, range)?;
            locks.unlock(range)
        }
        Fault::WokenTwice => {
            // If two waiters both gave way, the first would be first again.
            let gives_way = !around.is_waited_for(fd);
            locks.set_wait(kind, range)?;
            if !gives_way || !around.is_waited_for(fd) {
                return Ok(());
            }
            locks.unlock(range)?;
            let until = Instant::now() + TURN;
            while locks.test(kind, range)?.is_none() && Instant::now() < until {
                yield_now();
            }
            locks.set_wait(kind, range)
        }
        Fault::SignalIgnored => loop {
            match locks.set_wait(kind, range) {
                Err(LockError::Interrupted) => {}
                ended => return ended,
            }
        },
        Fault::DeadlockMissed => match locks.set_wait(kind, range) {
            Err(LockError::Deadlock) => {
                around.wait_forever();
                Err(LockError::Interrupted)
            }
            ended => ended,
        },
        _ => locks.set_wait(kind, range),
    }
}
