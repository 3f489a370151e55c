use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{OwnedLock, SurveyedImage};
use crate::ask::{Answer, NotAsked};
use crate::image::AcquireError;
use crate::served::FileServer;
use imglock_core::{Claim, Errno, LockType, Refusal, held_byte, unshared_byte};

/// The result of opening an image now, derived from a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HoldersAnswer {
    /// Whether the open would be granted.
    pub forecast: Forecast,
    /// All conflicting holders, as indexes into [`SurveyedImage::holders`]. They include the holders
    /// of later conflicts, not only of the first one.
    pub holders: Vec<usize>,
    /// Conflicting locks whose owner is unknown, as indexes into [`SurveyedImage::unexplained`].
    pub unexplained: Vec<usize>,
    /// Whether locks of [`SurveyedImage::hidden`] conflict.
    pub hidden: bool,
    /// Conflicting clients of file servers, as indexes into [`SurveyedImage::served`].
    pub served: Vec<usize>,
}

impl HoldersAnswer {
    /// Returns whether the open would succeed: the kernel was asked about each lock of the claim, and
    /// no answer was a conflict.
    pub fn is_granted(&self) -> bool {
        self.forecast == Forecast::Granted
    }

    /// The file servers of conflicting clients.
    pub fn servers(&self, image: &SurveyedImage) -> Vec<FileServer> {
        let served = self.served.iter().filter_map(|index| image.served.get(*index));
        served.map(|served| served.server).collect()
    }

    /// Returns whether a lock conflicts that the survey has seen.
    pub fn is_blocked(&self) -> bool {
        !self.holders.is_empty() || !self.served.is_empty() || self.by_unknown()
    }

    /// Returns whether an owner that this host cannot name conflicts. A client of a file server of this
    /// host is none.
    pub fn by_unknown(&self) -> bool {
        self.hidden || !self.unexplained.is_empty()
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

/// Whether an open would be granted, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Forecast {
    /// The kernel was asked about each lock of the claim, and none conflicts.
    Granted,
    /// A lock conflicts. QEMU would report this, its first conflict.
    Refused(Obstacle),
    /// QEMU's own test for a conflict would fail with this errno. QEMU does not open the image then.
    Fails(FailedTest),
    /// No conflicting lock was seen, but the kernel was not asked.
    Unknown(NotAsked),
}

impl Forecast {
    /// QEMU's message, if QEMU would report one.
    pub fn message(&self) -> Option<String> {
        match self {
            Forecast::Refused(obstacle) => Some(obstacle.to_string()),
            Forecast::Fails(failed) => Some(failed.to_string()),
            Forecast::Granted | Forecast::Unknown(_) => None,
        }
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

/// A test for a conflict that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FailedTest {
    /// The permission that is tested.
    pub wanted: Refusal,
    /// The errno of fcntl(2).
    pub errno: Errno,
}

impl fmt::Display for FailedTest {
    /// Prints QEMU's message: `Failed to get "consistent read" lock: Input/output error`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailedTest { wanted, errno } = *self;
        write!(f, "{}", AcquireError::Test { wanted, error: errno.into() })
    }
}

/// Returns whether a new process could open `image` with this claim.
///
/// It follows QEMU's file driver (`raw_apply_lock_bytes` and `raw_check_lock_bytes`,
/// block/file-posix.c): first a read lock on each lock byte of the claim, then a test of the
/// opposite byte of each permission that is wanted or not shared.
///
/// What the kernel answered decides. The surveyed locks name the owners, and decide where the kernel
/// was not asked: then a conflict is certain, and its absence is not. Locks for which a process still
/// waits do not conflict.
pub fn would_grant(image: &SurveyedImage, claim: Claim) -> HoldersAnswer {
    let mut answer = HoldersAnswer {
        forecast: Forecast::Granted,
        holders: Vec::new(),
        unexplained: Vec::new(),
        hidden: false,
        served: Vec::new(),
    };
    for attempt in attempts(claim) {
        let met = image.conflicts_at(attempt.kind, attempt.byte);
        let seen = attempt.outcome(image, met.is_certain(image));
        match (answer.forecast, seen) {
            (Forecast::Granted, seen) => answer.forecast = seen,
            (Forecast::Unknown(_), seen @ (Forecast::Refused(_) | Forecast::Fails(_))) => {
                answer.forecast = seen;
            }
            _ => {}
        }
        if matches!(seen, Forecast::Refused(_)) {
            answer.holders.extend(met.holders);
            answer.unexplained.extend(met.unexplained);
            answer.hidden |= met.hidden;
            answer.served.extend(met.served);
        }
    }
    for indexes in [&mut answer.holders, &mut answer.unexplained, &mut answer.served] {
        indexes.sort_unstable();
        indexes.dedup();
    }
    answer
}

/// A lock call of QEMU.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// What QEMU reports if a lock conflicts.
    obstacle: Obstacle,
    kind: LockType,
    byte: i64,
}

impl Attempt {
    /// The result of the call. `met`: whether a surveyed lock certainly conflicts.
    fn outcome(self, image: &SurveyedImage, met: bool) -> Forecast {
        let answer = match &image.asked {
            Ok(inquiry) => inquiry.about(self.kind, self.byte),
            Err(why) if !met => return Forecast::Unknown(*why),
            Err(_) => None,
        };
        match (answer, self.obstacle) {
            (Some(Answer::Free), _) => Forecast::Granted,
            (Some(Answer::Conflict(_)) | None, obstacle) => Forecast::Refused(obstacle),
            (Some(Answer::Failed(_)), obstacle) if met => Forecast::Refused(obstacle),
            (Some(Answer::Failed(errno)), Obstacle::Permission(wanted)) => {
                Forecast::Fails(FailedTest { wanted, errno })
            }
            // QEMU acquires this lock and does not ask. A test of the same claim tells.
            (Some(Answer::Failed(_)), Obstacle::LockByte(_)) => Forecast::Granted,
        }
    }
}

/// The lock calls of QEMU, in its order.
fn attempts(claim: Claim) -> impl Iterator<Item = Attempt> {
    let held = claim.held.each().map(held_byte);
    let unshared = claim.unshared().each().map(unshared_byte);
    let taken = held.chain(unshared).map(|byte| Attempt {
        obstacle: Obstacle::LockByte(byte),
        kind: LockType::Read,
        byte,
    });
    taken.chain(Refusal::tested(claim).map(|wanted| {
        let obstacle = Obstacle::Permission(wanted);
        Attempt { obstacle, kind: LockType::Write, byte: wanted.byte() }
    }))
}

/// The surveyed locks that conflict with one lock call.
struct Met {
    holders: Vec<usize>,
    unexplained: Vec<usize>,
    hidden: bool,
    served: Vec<usize>,
}

impl Met {
    /// Returns whether a lock conflicts. The server may drop one of a client that has lost contact, and
    /// then it does not.
    fn is_certain(&self, image: &SurveyedImage) -> bool {
        let serves = !self.served.is_empty() && image.asked != Err(NotAsked::Courtesy);
        !self.holders.is_empty() || !self.unexplained.is_empty() || self.hidden || serves
    }
}

impl SurveyedImage {
    fn conflicts_at(&self, kind: LockType, byte: i64) -> Met {
        let meets = |lock: &OwnedLock| stands_against(lock, kind, byte);
        let holders = self.holders.iter().enumerate();
        let unexplained = self.unexplained.iter().enumerate();
        let hidden = self.hidden.iter().flat_map(|hidden| &hidden.locks);
        let served = self.served.iter().enumerate();
        Met {
            served: served
                .filter(|(_, served)| served.locks.iter().any(meets))
                .map(|(index, _)| index)
                .collect(),
            holders: holders
                .filter(|(_, holder)| holder.locks.iter().any(meets))
                .map(|(index, _)| index)
                .collect(),
            unexplained: unexplained
                .filter(|(_, one)| meets(&one.lock))
                .map(|(index, _)| index)
                .collect(),
            hidden: hidden.into_iter().any(|lock| {
                let on_byte = (lock.range.first..=lock.range.last).contains(&byte);
                on_byte && lock.kind.excludes(kind)
            }),
        }
    }
}

fn stands_against(lock: &OwnedLock, wanted: LockType, byte: i64) -> bool {
    let on_byte = (lock.range.first..=lock.range.last).contains(&byte);
    // flock(2) locks and leases do not conflict with byte-range locks of fcntl(2).
    lock.class.backend().is_some() && on_byte && lock.kind.is_some_and(|kind| kind.excludes(wanted))
}
