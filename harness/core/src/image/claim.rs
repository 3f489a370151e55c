use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Permissions;

/// What an opener takes for itself and what it lets others take meanwhile.
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
    /// The permissions this opener takes.
    pub held: Permissions,
    /// The permissions that others may take at the same time.
    pub shared: Permissions,
}

impl Claim {
    /// Takes nothing and shares everything: no lock byte at all.
    pub const NOTHING: Claim = Claim { held: Permissions::empty(), shared: Permissions::all() };

    /// Takes `held` and lets others take `shared`.
    pub const fn new(held: Permissions, shared: Permissions) -> Claim {
        Claim { held, shared }
    }

    /// The permissions that others may not take meanwhile.
    pub fn unshared(self) -> Permissions {
        self.shared.complement()
    }

    /// The contract's rule: either one holds what the other does not share.
    pub fn conflicts_with(self, other: Claim) -> bool {
        self.held.intersects(other.unshared()) || other.held.intersects(self.unshared())
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "holds {}; does not share {}", self.held, self.unshared())
    }
}
