#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::lock_table::LockClass;
use imglock_core::{ByteRange, LockType};

/// A lock, without its file and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OwnedLock {
    /// What kind of lock.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub class: LockClass,
    /// Shared or exclusive; `None` for a lease that its holder was told to
    /// give up.
    pub kind: Option<LockType>,
    /// Which bytes; all of them for what is no byte-range lock.
    pub range: ByteRange,
}
