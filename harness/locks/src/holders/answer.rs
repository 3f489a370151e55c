use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{OwnedLock, SurveyedImage};
use imglock_core::LockType;
use imglock_core::{Claim, Refusal, Side, held_byte, unshared_byte};

/// What would come of opening an image now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HoldersAnswer {
    /// What QEMU would complain of first; `None` when it would be let in.
    pub obstacle: Option<Obstacle>,
    /// Everybody in the way, as indexes into [`SurveyedImage::holders`]: not
    /// only of the first complaint, but of any that would follow.
    pub holders: Vec<usize>,
    /// Locks in the way whose owner is not known, as indexes into
    /// [`SurveyedImage::unexplained`].
    pub unexplained: Vec<usize>,
}

impl HoldersAnswer {
    /// Whether the open would succeed.
    pub fn is_granted(&self) -> bool {
        self.obstacle.is_none()
    }

    /// The processes in the way, each once, by pid.
    pub fn pids(&self, image: &SurveyedImage) -> Vec<i32> {
        let holders = self.holders.iter().filter_map(|index| image.holders.get(*index));
        let mut pids: Vec<i32> =
            holders.flat_map(|holder| &holder.processes).map(|process| process.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }
}

/// What an opener meets first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Obstacle {
    /// A permission that is not to be had.
    Permission(Refusal),
    /// A write lock on a lock byte, which is none of QEMU's.
    LockByte(i64),
}

impl fmt::Display for Obstacle {
    /// QEMU's words: `Failed to get "write" lock`, `Failed to lock byte 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Permission(refusal) => f.write_str(&refusal.qemu_message()),
            Obstacle::LockByte(byte) => write!(f, "Failed to lock byte {byte}"),
        }
    }
}

/// Whether a new process could open `image` with this claim, as QEMU's file
/// driver goes about it: first a read lock on each of its bytes, then, for
/// each permission wanted and each not shared, the question who has the byte
/// that stands against it.
///
/// Worked out from the locks that were seen, without touching the image.
/// Locks that are waited for stand in nobody's way.
pub fn would_grant(image: &SurveyedImage, claim: Claim) -> HoldersAnswer {
    let mut answer = HoldersAnswer { obstacle: None, holders: Vec::new(), unexplained: Vec::new() };
    for (obstacle, kind, byte) in attempts(claim) {
        let meets = |lock: &OwnedLock| stands_against(lock, kind, byte);
        let mut met = false;
        for (index, holder) in image.holders.iter().enumerate() {
            if holder.locks.iter().any(meets) {
                answer.holders.push(index);
                met = true;
            }
        }
        for (index, one) in image.unexplained.iter().enumerate() {
            if meets(&one.lock) {
                answer.unexplained.push(index);
                met = true;
            }
        }
        if met && answer.obstacle.is_none() {
            answer.obstacle = Some(obstacle);
        }
    }
    for indexes in [&mut answer.holders, &mut answer.unexplained] {
        indexes.sort_unstable();
        indexes.dedup();
    }
    answer
}

/// What QEMU asks the kernel for, in its order, and what it says when a lock
/// is in the way.
fn attempts(claim: Claim) -> impl Iterator<Item = (Obstacle, LockType, i64)> {
    let held = claim.held.each().map(held_byte);
    let unshared = claim.unshared().each().map(unshared_byte);
    let taken = held.chain(unshared).map(|byte| (Obstacle::LockByte(byte), LockType::Read, byte));
    let wanted = claim.held.each().map(|permission| {
        let refusal = Refusal { side: Side::Wanted, permission };
        (Obstacle::Permission(refusal), LockType::Write, unshared_byte(permission))
    });
    let kept = claim.unshared().each().map(|permission| {
        let refusal = Refusal { side: Side::Unshared, permission };
        (Obstacle::Permission(refusal), LockType::Write, held_byte(permission))
    });
    taken.chain(wanted).chain(kept)
}

fn stands_against(lock: &OwnedLock, wanted: LockType, byte: i64) -> bool {
    let on_byte = (lock.range.first..=lock.range.last).contains(&byte);
    // flock and leases are of no concern to fcntl(2)'s byte ranges.
    lock.class.backend().is_some() && on_byte && lock.kind.is_some_and(|kind| kind.excludes(wanted))
}
