#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// A known way in which the contract breaks.
///
/// A scenario declares the hazards that it shows. A declared hazard that does not happen fails
/// the scenario, and so does an undeclared hazard that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Hazard {
    /// A live opener was granted its locks and did not release them, but the kernel no longer has
    /// them.
    LockLoss,
    /// A lock outlives the opener that acquired it. For example, a child that inherited the
    /// descriptor keeps the open file description open.
    LeakedLock,
    /// Two conflicting nodes of one process are both granted, because locks of one owner never
    /// conflict.
    SameOwner,
    /// Conflicting openers run side by side because one of them locks nothing (`locking=off`, or
    /// `locking=auto` without OFD locks).
    Unlocked,
    /// A holder inactivated an image for a waiting migration destination, and another opener
    /// acquired the image in between.
    HandoverGap,
    /// A node was reopened into a conflict. QEMU acquires the bytes on the new open file description
    /// without a test, and the old one belonged to another file or had copies that keep the released
    /// locks.
    Unchecked,
}

impl Hazard {
    /// All hazards.
    pub const ALL: [Hazard; 6] = [
        Hazard::LockLoss,
        Hazard::LeakedLock,
        Hazard::SameOwner,
        Hazard::Unlocked,
        Hazard::HandoverGap,
        Hazard::Unchecked,
    ];

    /// The word in scenarios and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The meaning of the hazard in one clause, for readers who do not know the word.
    pub fn meaning(self) -> &'static str {
        match self {
            Hazard::LockLoss => "a live opener lost its locks in the kernel",
            Hazard::LeakedLock => {
                "a lock outlives its opener: an inherited descriptor keeps it, or a lock server that is \
                 not notified of the close"
            }
            Hazard::SameOwner => "conflicting nodes of one process were both granted",
            Hazard::Unlocked => {
                "conflicting openers run side by side because one of them takes no locks"
            }
            Hazard::HandoverGap => {
                "another opener acquired an image that was inactivated for a waiting destination"
            }
            Hazard::Unchecked => {
                "a node was reopened into a conflict: a reopen tests for conflicts only through the \
                 old open file description"
            }
        }
    }
}
