#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use imglock_core::{ByteLocks, LockError, LockType, RangeSpec};
use imglock_core::{Claim, Permissions, Refusal, Side, held_byte, unshared_byte};

/// Why a claim could not be acquired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// A holder is in the way.
    #[error("{}", .0.qemu_message())]
    Refused(Refusal),
    /// The read lock itself failed: a foreign write lock on the byte, no
    /// locks on this file system, a descriptor that cannot be read.
    #[error("Failed to lock byte {byte}: {error}")]
    LockByte {
        /// The lock byte.
        byte: i64,
        /// What fcntl(2) said.
        error: LockError,
    },
}

impl AcquireError {
    /// Whether another owner is in the way, so that trying again later may
    /// help; otherwise locks do not work here at all.
    pub fn is_conflict(&self) -> bool {
        match self {
            AcquireError::Refused(_) => true,
            AcquireError::LockByte { error, .. } => matches!(error, LockError::WouldBlock { .. }),
        }
    }
}

/// The lock bytes of one open node, changed as QEMU's file driver does it
/// (`raw_handle_perm_lock` and `raw_apply_lock_bytes`, block/file-posix.c).
///
/// It remembers which bytes *it* has locked and never asks the kernel again:
/// under POSIX another descriptor's close can take them away unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ByteClaims {
    /// What is in force: the last claim that was committed.
    claim: Claim,
    /// The `100 + i` bytes this node believes to have locked.
    held: Permissions,
    /// The `200 + i` bytes this node believes to have locked.
    unshared: Permissions,
}

impl Default for ByteClaims {
    fn default() -> Self {
        ByteClaims {
            claim: Claim::NOTHING,
            held: Permissions::empty(),
            unshared: Permissions::empty(),
        }
    }
}

impl ByteClaims {
    /// The claim in force.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Changes to `new`: prepare, then commit, or abort when refused.
    ///
    /// # Errors
    /// When it fails, the old claim stays in force and no byte beyond it is
    /// left locked by this node.
    pub fn change(&mut self, locks: &mut dyn ByteLocks, new: Claim) -> Result<(), AcquireError> {
        match self.prepare(locks, new) {
            Ok(()) => {
                self.commit(locks, new);
                Ok(())
            }
            Err(error) => {
                self.abort(locks);
                Err(error)
            }
        }
    }

    /// Locks what old or new needs, then tests that nobody is in the way of
    /// new. Giving up permissions needs neither.
    ///
    /// # Errors
    /// The caller must [`ByteClaims::abort`]: bytes may be left locked.
    pub fn prepare(&mut self, locks: &mut dyn ByteLocks, new: Claim) -> Result<(), AcquireError> {
        let old = self.claim;
        if old.held.contains(new.held) && new.shared.contains(old.shared) {
            return Ok(());
        }
        self.lock(locks, old.held | new.held, old.unshared() | new.unshared())?;
        check(locks, new)
    }

    /// Asks whether [`ByteClaims::prepare`] would be granted, and locks
    /// nothing: nobody else notices. The answer may be out of date at once.
    ///
    /// # Errors
    /// What `prepare` would meet: a foreign write lock on a byte, or a holder.
    pub fn test(&self, locks: &mut dyn ByteLocks, new: Claim) -> Result<(), AcquireError> {
        let held = (new.held - self.held).each().map(held_byte);
        let unshared = (new.unshared() - self.unshared).each().map(unshared_byte);
        for byte in held.chain(unshared) {
            let error = match locks.test(LockType::Read, RangeSpec::byte(byte)) {
                Ok(None) => continue,
                Ok(blocker) => LockError::WouldBlock { blocker },
                Err(error) => error,
            };
            return Err(AcquireError::LockByte { byte, error });
        }
        check(locks, new)
    }

    /// Unlocks what `new` no longer needs and puts it in force.
    pub fn commit(&mut self, locks: &mut dyn ByteLocks, new: Claim) {
        self.unlock_all_but(locks, new);
        self.claim = new;
    }

    /// Unlocks back to the claim in force.
    pub fn abort(&mut self, locks: &mut dyn ByteLocks) {
        self.unlock_all_but(locks, self.claim);
    }

    /// The first half of a reopen: prepares `claim` on the `old` descriptor
    /// and, without any test, takes its bytes on the `new` one too.
    ///
    /// Once the caller has closed the old descriptor it commits on the new
    /// one. Under POSIX that close drops every byte, and the commit does not
    /// notice: this is how QEMU loses its locks in a plain start.
    ///
    /// # Errors
    /// The old descriptor is back at the claim in force; the new one is to be
    /// closed.
    pub fn prepare_reopen(
        &mut self,
        old: &mut dyn ByteLocks,
        new: &mut dyn ByteLocks,
        claim: Claim,
    ) -> Result<(), AcquireError> {
        self.prepare(old, claim)
            .and_then(|()| ByteClaims::default().lock(new, claim.held, claim.unshared()))
            .inspect_err(|_| self.abort(old))
    }

    fn lock(
        &mut self,
        locks: &mut dyn ByteLocks,
        held: Permissions,
        unshared: Permissions,
    ) -> Result<(), AcquireError> {
        for permission in (held - self.held).each() {
            read_lock(locks, held_byte(permission))?;
            self.held |= permission.into();
        }
        for permission in (unshared - self.unshared).each() {
            read_lock(locks, unshared_byte(permission))?;
            self.unshared |= permission.into();
        }
        Ok(())
    }

    /// An unlock that fails leaves the byte locked and noted as such; QEMU
    /// too goes on, since some network file systems fail here at times.
    fn unlock_all_but(&mut self, locks: &mut dyn ByteLocks, keep: Claim) {
        for permission in (self.held - keep.held).each() {
            if locks.unlock(RangeSpec::byte(held_byte(permission))).is_ok() {
                self.held -= permission.into();
            }
        }
        for permission in (self.unshared - keep.unshared()).each() {
            if locks.unlock(RangeSpec::byte(unshared_byte(permission))).is_ok() {
                self.unshared -= permission.into();
            }
        }
    }
}

fn read_lock(locks: &mut dyn ByteLocks, byte: i64) -> Result<(), AcquireError> {
    locks
        .set(LockType::Read, RangeSpec::byte(byte))
        .map_err(|error| AcquireError::LockByte { byte, error })
}

/// Tests, as `raw_check_lock_bytes` does, with a write lock that is never
/// taken: it would meet anybody's read lock on the byte.
fn check(locks: &mut dyn ByteLocks, claim: Claim) -> Result<(), AcquireError> {
    let wanted = claim.held.each().map(|p| (Side::Wanted, p, unshared_byte(p)));
    let unshared = claim.unshared().each().map(|p| (Side::Unshared, p, held_byte(p)));
    for (side, permission, byte) in wanted.chain(unshared) {
        match locks.test(LockType::Write, RangeSpec::byte(byte)) {
            Ok(None) => {}
            Ok(Some(_)) | Err(LockError::WouldBlock { .. }) => {
                return Err(AcquireError::Refused(Refusal { side, permission }));
            }
            Err(error) => return Err(AcquireError::LockByte { byte, error }),
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "acquire_tests.rs"]
mod tests;
