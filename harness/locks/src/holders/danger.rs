use std::collections::BTreeSet;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{LockProtocol, SurveyedImage};
use crate::lock_table::LockClass;

/// Why being let in would not mean being safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Danger {
    /// Several owners lock in ways that do not see each other, or not fully.
    TwoProtocols,
    /// Somebody has a flock(2) lock, which QEMU does not see.
    FlockUnseen,
    /// Somebody can write to the image and has no lock on it.
    WriterUnlocked,
    /// Somebody has a lease: who opens the image waits until it is given up.
    LeaseWaits,
}

impl Danger {
    /// What to know about it, in a sentence or two.
    pub fn meaning(self) -> &'static str {
        match self {
            Danger::TwoProtocols => {
                "The holders lock in different ways, which do not keep each other out reliably: \
                 two programs may be writing to this image. Stop one of them."
            }
            Danger::FlockUnseen => {
                "flock(2) and QEMU's byte locks do not see each other on a local file system: \
                 QEMU would be let in beside this holder, and damage the image if both write. \
                 Do not start it."
            }
            Danger::WriterUnlocked => {
                "Somebody has the image open for writing without a lock (locking=off, or no QEMU \
                 at all), and keeps nobody out: being let in does not mean being alone."
            }
            Danger::LeaseWaits => {
                "A lease is held: whoever opens the image waits until its holder gives it up, \
                 45 seconds at most unless /proc/sys/fs/lease-break-time says otherwise."
            }
        }
    }

    pub(super) fn of(image: &SurveyedImage) -> Vec<Danger> {
        let owned = image.holders.iter().flat_map(|holder| &holder.locks);
        let unexplained = image.unexplained.iter().map(|one| &one.lock);
        let classes: BTreeSet<LockClass> =
            owned.chain(unexplained).map(|lock| lock.class).collect();
        let mut ways: BTreeSet<u8> =
            image.holders.iter().filter_map(|holder| way(holder.protocol(image.size))).collect();
        if image.unexplained.iter().any(|one| one.lock.class == LockClass::Flock) {
            ways.extend(way(LockProtocol::Flock));
        }
        let leased =
            classes.contains(&LockClass::Lease) || classes.contains(&LockClass::Delegation);
        let all = [
            (ways.len() > 1, Danger::TwoProtocols),
            (classes.contains(&LockClass::Flock), Danger::FlockUnseen),
            (
                !image.hides_a_holder() && image.unlocked.iter().any(|one| one.writable),
                Danger::WriterUnlocked,
            ),
            (leased, Danger::LeaseWaits),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, danger)| danger).collect()
    }
}

/// Owners who lock in the same way see each other.
fn way(protocol: LockProtocol) -> Option<u8> {
    match protocol {
        LockProtocol::Qemu => Some(0),
        LockProtocol::WholeFile | LockProtocol::WholeImage => Some(1),
        LockProtocol::Flock => Some(2),
        // Of unknown meaning, or both at once, which is seen by both.
        LockProtocol::Lease | LockProtocol::ByteRange | LockProtocol::Mixed => None,
    }
}
