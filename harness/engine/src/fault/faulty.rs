use std::os::fd::RawFd;

use super::ranges::{bent, is_held_byte, is_unshared_byte, unlocked};
use super::{Fault, Memory, Purpose, Surroundings, waits};
use imglock_core::{Blocker, ByteLocks, ByteRange, LockError, LockType, RangeSpec};

/// Byte-range locks with a fault, in front of correct ones.
///
/// Call [`Faulty::settle`] after the last call: some faults delay calls until
/// then.
pub struct Faulty<'a, L> {
    fault: Fault,
    purpose: Purpose,
    memory: &'a Memory,
    fd: RawFd,
    locks: L,
    /// The same file as seen by another owner in this process.
    stranger: L,
    around: &'a dyn Surroundings,
    /// Locks that are still to be acquired, or to be acquired again.
    due: Vec<(LockType, RangeSpec)>,
    /// Whether a test for this claim has found a conflicting lock.
    found: bool,
    unchecked: bool,
}

impl<'a, L: ByteLocks> Faulty<'a, L> {
    /// Plants `fault` in front of `locks`, which belong to descriptor `fd`.
    ///
    /// `stranger` accesses the same file as another owner.
    pub fn new(
        fault: Fault,
        purpose: Purpose,
        memory: &'a Memory,
        fd: RawFd,
        (locks, stranger): (L, L),
        around: &'a dyn Surroundings,
    ) -> Faulty<'a, L> {
        let unchecked = match (fault, purpose) {
            (_, Purpose::Lock) => false,
            (Fault::NoCheck, _) => true,
            (Fault::ChangeNotChecked, purpose) => purpose == Purpose::Change,
            (Fault::HundredthNotChecked, _) => memory.next_claim().is_multiple_of(100),
            _ => false,
        };
        let (due, found) = (Vec::new(), false);
        Faulty { fault, purpose, memory, fd, locks, stranger, around, due, found, unchecked }
    }

    /// Makes the delayed calls.
    pub fn settle(&mut self) {
        if self.found {
            return;
        }
        if self.fault == Fault::LetsGoForAMoment {
            for (_, range) in &self.due {
                let _ = self.locks.unlock(*range);
            }
            std::thread::yield_now();
        }
        for (kind, range) in self.due.drain(..) {
            let _ = self.locks.set(kind, range);
        }
    }

    fn is_claim(&self) -> bool {
        self.purpose != Purpose::Lock
    }

    /// The request after the fault has changed it.
    fn understood(&self, kind: LockType, range: RangeSpec) -> (LockType, RangeSpec) {
        let kind = match self.fault {
            Fault::ReadBecomesWrite => LockType::Write,
            Fault::WriteBecomesRead => LockType::Read,
            _ => kind,
        };
        (kind, bent(self.fault, range, false))
    }

    /// Whether a lock is reported as granted without a call.
    fn is_left_out(&mut self, kind: LockType, range: RangeSpec) -> bool {
        match self.fault {
            Fault::UnsharedNotLocked => self.is_claim() && is_unshared_byte(range),
            Fault::ReopenTakesNothing => self.purpose == Purpose::Reopen,
            Fault::OnlyEightLocks => !self.memory.has_room_for(self.fd, range),
            Fault::DowngradeIgnored => kind == LockType::Read && self.has_a_write_lock(range),
            _ => false,
        }
    }

    /// Whether this owner has a write lock here: it conflicts with a lock of
    /// the stranger, but not with one of this owner.
    fn has_a_write_lock(&mut self, range: RangeSpec) -> bool {
        let met = |locks: &mut L| matches!(locks.test(LockType::Read, range), Ok(Some(_)));
        met(&mut self.stranger) && !met(&mut self.locks)
    }

    /// Whether a test reports a free range without a call.
    fn looks_away(&self, range: RangeSpec) -> bool {
        match self.fault {
            Fault::TestSeesNothing => !self.is_claim(),
            Fault::HeldNotChecked => self.is_claim() && is_held_byte(range),
            Fault::UnsharedNotChecked => self.is_claim() && is_unshared_byte(range),
            _ => self.unchecked,
        }
    }

    /// The conflicting lock as this fault reports it.
    fn named(&self, blocker: Blocker) -> Blocker {
        let Blocker { kind, range: ByteRange { first, last }, .. } = blocker;
        match self.fault {
            Fault::TestNamesWrongRange => {
                let range = ByteRange::new(first, last.checked_add(1).unwrap_or(first));
                Blocker { range, ..blocker }
            }
            Fault::TestNamesWrongOwner => {
                Blocker { pid: Some(std::process::id().cast_signed()), ..blocker }
            }
            Fault::TestNamesWrongType => {
                let kind = match kind {
                    LockType::Read => LockType::Write,
                    LockType::Write => LockType::Read,
                };
                Blocker { kind, ..blocker }
            }
            _ => blocker,
        }
    }
}

impl<L: ByteLocks> ByteLocks for Faulty<'_, L> {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        if self.is_left_out(kind, range) {
            return Ok(());
        }
        let (kind, range) = self.understood(kind, range);
        match self.fault {
            Fault::CheckBeforeLock if self.is_claim() => {
                self.due.push((kind, range));
                return Ok(());
            }
            Fault::LetsGoForAMoment if self.is_claim() => self.due.push((kind, range)),
            Fault::CompatibleLockRefused if kind == LockType::Read => {
                let blocker = self.locks.test(LockType::Write, range)?;
                if blocker.is_some() {
                    return Err(LockError::WouldBlock { blocker });
                }
            }
            Fault::UpgradeNotAtomic => self.locks.unlock(range)?,
            _ => {}
        }
        match self.locks.set(kind, range) {
            Err(LockError::WouldBlock { .. }) if self.fault == Fault::ConflictingLockGranted => {
                Ok(())
            }
            set => set,
        }
    }

    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        if self.is_left_out(kind, range) {
            return Ok(());
        }
        let (kind, range) = self.understood(kind, range);
        if self.fault == Fault::UpgradeNotAtomic {
            self.locks.unlock(range)?;
        }
        waits::wait(self.fault, &mut self.locks, kind, range, (self.around, self.fd))
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        let is_forgotten = match self.fault {
            Fault::RollbackForgotten => self.is_claim() && self.found,
            Fault::OldClaimKept => self.is_claim() && !self.found,
            _ => false,
        };
        self.memory.free(self.fd, range);
        match unlocked(self.fault, range) {
            Some(range) if !is_forgotten => self.locks.unlock(range),
            _ => Ok(()),
        }
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        if self.looks_away(range) {
            return Ok(None);
        }
        let range = bent(self.fault, range, true);
        let blocker = match self.fault {
            Fault::TestSeesOwnLock => self.stranger.test(kind, range),
            Fault::TestAsksToRead => self.locks.test(LockType::Read, range),
            _ => self.locks.test(kind, range),
        }?;
        self.found |= blocker.is_some();
        Ok(blocker.map(|blocker| self.named(blocker)))
    }
}

#[cfg(test)]
mod tests;
