#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::lock_table::LockClass;
use imglock_core::{ByteRange, Claim, LockType, Mode, Reading};

/// A lock, without its file and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OwnedLock {
    /// The kind of lock.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub class: LockClass,
    /// Shared or exclusive. `None` for a lease that the kernel has asked its holder to release.
    pub kind: Option<LockType>,
    /// The bytes. For locks that are not byte-range locks, all bytes.
    pub range: ByteRange,
}

impl OwnedLock {
    /// The meaning of all byte-range locks among these.
    pub(super) fn reading(locks: &[OwnedLock]) -> Reading {
        let mut reading = Reading::default();
        for lock in locks.iter().filter(|lock| lock.class.backend().is_some()) {
            if let Some(kind) = lock.kind {
                reading.add(kind, lock.range);
            }
        }
        reading
    }

    /// The permissions that these locks stand for, or `None` if no lock byte is locked.
    pub(super) fn claim(locks: &[OwnedLock]) -> Option<Claim> {
        Some(OwnedLock::reading(locks).claim()).filter(|claim| *claim != Claim::NOTHING)
    }

    /// All modes with the claim of these locks.
    pub(super) fn modes(locks: &[OwnedLock]) -> Vec<Mode> {
        let claim = OwnedLock::claim(locks);
        Mode::ALL.iter().copied().filter(|mode| Some(mode.claim()) == claim).collect()
    }
}
