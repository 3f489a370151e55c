#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::lock_table::LockClass;
use imglock_core::{ByteRange, LockType};

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
