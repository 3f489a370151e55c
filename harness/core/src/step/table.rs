use std::collections::BTreeSet;
use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::LockHolder;
use crate::lock::{Backend, ByteRange, LockType};

/// One line of a lock table, of the kernel or of the model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct TableLock {
    /// The number of the image. Images are counted from 0 in the order of their creation.
    pub image: usize,
    /// OFD or POSIX.
    pub backend: Backend,
    /// Shared or exclusive.
    pub kind: LockType,
    /// The bytes of the lock.
    pub range: ByteRange,
    /// Whether the owner still waits for the lock (a `->` line of /proc/locks).
    pub waiting: bool,
    /// The owner of the lock. For an OFD lock, every live node of its open file description
    /// (`vm1.disk`, `child.disk`). For a POSIX lock, the process (`vm1`: the first actor of its
    /// descriptor table). Empty if the owner is unknown: the kernel reports no owner for an OFD lock
    /// that waits.
    pub holders: BTreeSet<LockHolder>,
}

impl fmt::Display for TableLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.waiting { "-> " } else { "" };
        let holders: Vec<String> = self.holders.iter().map(LockHolder::to_string).collect();
        write!(
            f,
            "{arrow}{} {} {} image {} by {}",
            self.backend,
            self.kind,
            self.range,
            self.image,
            if holders.is_empty() { "?".to_owned() } else { holders.join(" and ") }
        )
    }
}
