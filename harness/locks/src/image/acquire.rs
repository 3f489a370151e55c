#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use imglock_core::{
    ByteLocks, Claim, LockError, LockType, Permissions, RangeSpec, Refusal, held_byte,
    unshared_byte,
};

/// The reason why a claim was not acquired. It is printed in QEMU's words (block/file-posix.c).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    /// The claim conflicts with a holder.
    #[error("{}", .0.qemu_message())]
    Refused(Refusal),
    /// The read lock itself failed: another program holds a write lock on the byte, the file system
    /// does not support locks, or the descriptor is not open for reading.
    #[error("Failed to lock byte {byte}{}", reason(error))]
    LockByte {
        /// The offset of the lock byte.
        byte: i64,
        /// The error of fcntl(2).
        error: LockError,
    },
    /// The test for a conflict failed, so it is unknown whether the claim conflicts with a holder.
    #[error("{}{}", wanted.qemu_message(), reason(error))]
    Test {
        /// The permission that was tested.
        wanted: Refusal,
        /// The error of fcntl(2).
        error: LockError,
    },
}

/// QEMU prints the errno unless it means a conflict to it: `EAGAIN` and `EACCES`.
fn reason(error: &LockError) -> String {
    match error {
        LockError::WouldBlock { .. } | LockError::Denied => String::new(),
        _ => format!(": {}", error.errno().text()),
    }
}

impl AcquireError {
    /// Returns whether another owner holds a conflicting lock, so that a later attempt may succeed.
    /// Otherwise locks do not work on this file.
    pub fn is_conflict(&self) -> bool {
        match self {
            AcquireError::Refused(_) => true,
            AcquireError::LockByte { error, .. } => matches!(error, LockError::WouldBlock { .. }),
            AcquireError::Test { .. } => false,
        }
    }

    /// The error of the lock call that failed, if it is not a conflict.
    pub fn failed_call(&self) -> Option<&LockError> {
        match self {
            AcquireError::LockByte { error, .. } | AcquireError::Test { error, .. } => {
                Some(error).filter(|_| !self.is_conflict())
            }
            AcquireError::Refused(_) => None,
        }
    }
}

/// The lock bytes of one open node, acquired and released as in QEMU's file driver
/// (`raw_handle_perm_lock` and `raw_apply_lock_bytes`, block/file-posix.c).
///
/// Like QEMU, it remembers which bytes *it* has locked and never asks the kernel again. With POSIX
/// locks, closing another descriptor of the file can drop them without notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ByteClaims {
    /// The last claim that was committed.
    claim: Claim,
    /// The permissions whose bytes `100 + i` this node believes to have locked.
    held: Permissions,
    /// The permissions whose bytes `200 + i` this node believes to have locked.
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
    /// The claim in force: the last one that was committed.
    pub fn claim(&self) -> Claim {
        self.claim
    }

    /// Changes the claim to `new`: prepare, then commit, or abort if refused.
    ///
    /// # Errors
    /// On an error, the old claim stays in force and this node keeps no other byte locked.
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

    /// Locks the bytes that the old or the new claim needs, then tests whether another holder
    /// conflicts with the new claim. A claim that only releases permissions needs neither.
    ///
    /// # Errors
    /// As for [`ByteClaims::change`]. Bytes may remain locked: the caller must call
    /// [`ByteClaims::abort`].
    pub fn prepare(&mut self, locks: &mut dyn ByteLocks, new: Claim) -> Result<(), AcquireError> {
        let old = self.claim;
        if old.held.contains(new.held) && new.shared.contains(old.shared) {
            return Ok(());
        }
        self.lock(locks, old.held | new.held, old.unshared() | new.unshared())?;
        check(locks, new)
    }

    /// Tests whether [`ByteClaims::prepare`] would be granted. It locks nothing, so other openers do
    /// not notice it. The answer can be out of date as soon as it is returned.
    ///
    /// # Errors
    /// The error that `prepare` would return: another program's write lock on a byte, or a
    /// conflicting holder.
    pub fn test(&self, locks: &mut dyn ByteLocks, new: Claim) -> Result<(), AcquireError> {
        let held = (new.held - self.held).each().map(held_byte);
        let unshared = (new.unshared() - self.unshared).each().map(unshared_byte);
        for byte in held.chain(unshared) {
            // A test that fails says nothing about locking the byte. Each lock byte has a test in
            // `check`, which reports the error.
            if let Ok(blocker @ Some(_)) = locks.test(LockType::Read, RangeSpec::byte(byte)) {
                return Err(AcquireError::LockByte {
                    byte,
                    error: LockError::WouldBlock { blocker },
                });
            }
        }
        check(locks, new)
    }

    /// Unlocks the bytes that `new` does not need and puts `new` in force.
    pub fn commit(&mut self, locks: &mut dyn ByteLocks, new: Claim) {
        self.unlock_all_but(locks, new);
        self.claim = new;
    }

    /// Unlocks all bytes that the claim in force does not need.
    pub fn abort(&mut self, locks: &mut dyn ByteLocks) {
        self.unlock_all_but(locks, self.claim);
    }

    /// The first half of a reopen: prepares `claim` on the `old` descriptor, then locks its bytes on
    /// the `new` descriptor without a test.
    ///
    /// After this, the caller closes the old descriptor and commits on the new one. With POSIX locks,
    /// that close drops every byte and the commit does not notice it. This is how QEMU loses its locks
    /// in a normal start.
    ///
    /// # Errors
    /// As for [`ByteClaims::change`]. The old descriptor has the claim in force again; the caller must
    /// close the new one.
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

    /// An unlock that fails leaves the byte locked and recorded as locked. QEMU also continues in this
    /// case, because unlocking sometimes fails on network file systems.
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

/// Tests for conflicts as `raw_check_lock_bytes` does, with a write lock that is not acquired. A
/// write lock conflicts with every read lock on the byte.
fn check(locks: &mut dyn ByteLocks, claim: Claim) -> Result<(), AcquireError> {
    for wanted in Refusal::tested(claim) {
        match locks.test(LockType::Write, RangeSpec::byte(wanted.byte())) {
            Ok(None) => {}
            Ok(Some(_)) | Err(LockError::WouldBlock { .. }) => {
                return Err(AcquireError::Refused(wanted));
            }
            Err(error) => return Err(AcquireError::Test { wanted, error }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
