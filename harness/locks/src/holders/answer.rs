use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{OwnedLock, SurveyedImage};
use imglock_core::{Claim, LockType, Refusal, Side, held_byte, unshared_byte};

/// The result of opening an image now, derived from a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HoldersAnswer {
    /// The first conflict, which QEMU would report. `None` if the open would be granted.
    pub obstacle: Option<Obstacle>,
    /// All conflicting holders, as indexes into [`SurveyedImage::holders`]. They include the holders
    /// of later conflicts, not only of the first one.
    pub holders: Vec<usize>,
    /// Conflicting locks whose owner is unknown, as indexes into [`SurveyedImage::unexplained`].
    pub unexplained: Vec<usize>,
}

impl HoldersAnswer {
    /// Returns whether the open would succeed.
    pub fn is_granted(&self) -> bool {
        self.obstacle.is_none()
    }

    /// The IDs of the conflicting processes, in ascending order and without duplicates.
    pub fn pids(&self, image: &SurveyedImage) -> Vec<i32> {
        let holders = self.holders.iter().filter_map(|index| image.holders.get(*index));
        let mut pids: Vec<i32> =
            holders.flat_map(|holder| &holder.processes).map(|process| process.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }
}

/// The first conflict of an opener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Obstacle {
    /// A permission on which the opener and a holder conflict.
    Permission(Refusal),
    /// A write lock on a lock byte. QEMU itself acquires only read locks there.
    LockByte(i64),
}

impl fmt::Display for Obstacle {
    /// Prints QEMU's message: `Failed to get "write" lock`, `Failed to lock byte 100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Permission(refusal) => f.write_str(&refusal.qemu_message()),
            Obstacle::LockByte(byte) => write!(f, "Failed to lock byte {byte}"),
        }
    }
}

/// Returns whether a new process could open `image` with this claim.
///
/// It follows QEMU's file driver (`raw_apply_lock_bytes` and `raw_check_lock_bytes`,
/// block/file-posix.c): first a read lock on each lock byte of the claim, then a test of the
/// opposite byte of each permission that is wanted or not shared.
///
/// The answer is computed from the surveyed locks, without access to the image. Locks for which
/// a process still waits do not conflict.
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

/// The lock calls of QEMU, in its order, each with the message that QEMU prints if the call
/// fails.
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
    // flock(2) locks and leases do not conflict with byte-range locks of fcntl(2).
    lock.class.backend().is_some() && on_byte && lock.kind.is_some_and(|kind| kind.excludes(wanted))
}
