use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Permissions;

/// The permissions that an opener holds, and those that it shares with other openers.
///
/// ```
/// use imglock_core::{Claim, Permissions};
///
/// let writer = Claim::new(Permissions::WRITE, Permissions::empty());
/// let cluster = Claim::new(Permissions::WRITE, Permissions::all());
/// assert!(writer.conflicts_with(cluster));
/// assert!(!cluster.conflicts_with(cluster));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Claim {
    /// The permissions that this opener holds.
    pub held: Permissions,
    /// The permissions that other openers may hold at the same time.
    pub shared: Permissions,
}

impl Claim {
    /// Holds nothing and shares everything. This claim has no lock byte.
    pub const NOTHING: Claim = Claim { held: Permissions::empty(), shared: Permissions::all() };

    /// A claim that holds `held` and shares `shared`.
    pub const fn new(held: Permissions, shared: Permissions) -> Claim {
        Claim { held, shared }
    }

    /// The permissions that other openers may not hold at the same time.
    pub fn unshared(self) -> Permissions {
        self.shared.complement()
    }

    /// Returns whether the two claims conflict: one of them holds a permission that the other does not
    /// share.
    pub fn conflicts_with(self, other: Claim) -> bool {
        self.held.intersects(other.unshared()) || other.held.intersects(self.unshared())
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "holds {}; does not share {}", self.held, self.unshared())
    }
}
