#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// A way in which the contract is known to break.
///
/// A scenario declares those it shows; one that is declared and does not
/// happen fails the scenario as surely as one that happens undeclared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum Hazard {
    /// A live opener was granted its locks, never gave them up, and the
    /// kernel no longer has them.
    LockLoss,
    /// A lock outlives the opener that took it: a child that nobody told
    /// about keeps the description open.
    LeakedLock,
    /// Two conflicting nodes of one process are both granted, because one
    /// owner never conflicts with itself.
    SameOwner,
    /// Conflicting openers run side by side because one of them locks
    /// nothing (`locking=off`, or `auto` without OFD locks).
    Unlocked,
    /// An image that its holder gave up for a destination that waits for it
    /// was taken by somebody else in between.
    HandoverGap,
    /// A node was reopened into a conflict: QEMU takes the bytes on the new
    /// description without a test, and the old one was another file, or had
    /// copies that keep what it gave up.
    Unchecked,
}

impl Hazard {
    /// All of them.
    pub const ALL: [Hazard; 6] = [
        Hazard::LockLoss,
        Hazard::LeakedLock,
        Hazard::SameOwner,
        Hazard::Unlocked,
        Hazard::HandoverGap,
        Hazard::Unchecked,
    ];

    /// The word that scenarios and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence for a reader who meets the word for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Hazard::LockLoss => {
                "a live opener's locks are gone from the kernel, and it was not told"
            }
            Hazard::LeakedLock => {
                "a lock outlives its opener: an inherited descriptor keeps it, or who was not told"
            }
            Hazard::SameOwner => "conflicting nodes of one process were both granted",
            Hazard::Unlocked => "conflicting openers run side by side because one takes no locks",
            Hazard::HandoverGap => {
                "an image that was given up for a waiting destination was taken by another"
            }
            Hazard::Unchecked => {
                "a node was reopened into a conflict, since a reopen tests only what it leaves"
            }
        }
    }
}
