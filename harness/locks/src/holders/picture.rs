use std::path::PathBuf;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{
    Explanation, HiddenHolder, HolderProcess, LockProtocol, OwnedLock, ServedClients, Unseen,
};
use crate::ask::{Inquiry, NotAsked};
use crate::lock_table::{FileKey, LockClass};
use crate::reach::Reach;
use crate::served::FileServer;
use crate::users::DataUsers;
use imglock_core::{Claim, Mode, Reading};

/// The result of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Survey {
    /// The images, in the order of the paths given to the survey.
    pub images: Vec<SurveyedImage>,
    /// What could not be looked at.
    pub unseen: Unseen,
    /// Whether this process is in a pid namespace below the initial one. Then the kernel does not show
    /// POSIX locks, flock(2) locks and leases of processes outside.
    pub nested: bool,
    /// Whether the locks did not change during the survey. If they did, the result may mix the
    /// states of two moments.
    pub settled: bool,
}

/// One image and the locks on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SurveyedImage {
    /// The path that was given to the survey.
    pub path: PathBuf,
    /// The name of the file in /proc/locks.
    pub key: FileKey,
    /// Its size in bytes.
    pub size: u64,
    /// Whether another file can have the same [`key`](SurveyedImage::key). This is possible on
    /// btrfs, where each subvolume numbers its inodes from the start.
    pub ambiguous: bool,
    /// The owners of locks, sorted by their smallest pid.
    pub holders: Vec<Holder>,
    /// The processes that wait for a lock.
    pub waiters: Vec<Waiter>,
    /// Granted locks whose owner was not found.
    pub unexplained: Vec<UnexplainedLock>,
    /// The processes that have the image open, but neither hold a lock on it nor wait for one.
    pub unlocked: Vec<UnlockedUser>,
    /// The clients of the kernel's file servers that hold the image or have it open: at most one entry
    /// for each server. An entry without locks and clients says why clients are not known.
    pub served: Vec<ServedClients>,
    /// What the kernel answered when it was asked about conflicting locks, or why it was not asked.
    pub asked: Result<Inquiry, NotAsked>,
    /// The owners of locks that only the kernel's answers show.
    pub hidden: Option<HiddenHolder>,
    /// How far locks on the image reach.
    pub reach: Reach,
    /// The users of the same bytes that reach them past this file's locks.
    pub users: DataUsers,
    /// The processes that have an earlier file open, which had the same name and was deleted or
    /// replaced.
    pub former: Vec<FormerUser>,
    /// Whether the path leads to another file by now ([`Surveyor`](super::Surveyor)).
    pub replaced: bool,
}

#[cfg(test)]
impl SurveyedImage {
    /// An image of 0 bytes without a lock, on a local file system.
    pub(crate) fn unlocked_sample() -> SurveyedImage {
        use crate::reach::Extent;
        let file_system = "ext4".to_owned();
        let backend = imglock_core::Backend::Ofd;
        SurveyedImage {
            path: "disk.img".into(),
            key: FileKey::new(0, 0, 1),
            size: 0,
            ambiguous: false,
            holders: Vec::new(),
            waiters: Vec::new(),
            unexplained: Vec::new(),
            unlocked: Vec::new(),
            served: Vec::new(),
            asked: Ok(Inquiry { backend, bytes: Vec::new(), met: Vec::new(), gap: None }),
            hidden: None,
            reach: Reach { extent: Extent::Host, file_system, source: None, because: None },
            users: DataUsers::default(),
            former: Vec::new(),
            replaced: false,
        }
    }
}

/// One owner of locks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Holder {
    /// The kind of owner.
    pub owner: HolderOwner,
    /// Whether the grouping of these processes into one owner is a guess: kcmp(2) was refused, and
    /// the locks alone do not determine it.
    pub guessed: bool,
    /// The processes that share this owner, sorted by pid. The locks last until all of them have
    /// closed it.
    pub processes: Vec<HolderProcess>,
    /// Its locks.
    pub locks: Vec<OwnedLock>,
}

impl Holder {
    /// The meaning of its byte-range locks.
    pub fn reading(&self) -> Reading {
        OwnedLock::reading(&self.locks)
    }

    /// The permissions held and shared, or `None` if no lock byte is locked.
    pub fn claim(&self) -> Option<Claim> {
        OwnedLock::claim(&self.locks)
    }

    /// All modes with this claim. The list is empty if there is no claim or no mode matches it.
    pub fn modes(&self) -> Vec<Mode> {
        OwnedLock::modes(&self.locks)
    }

    /// The locking protocol that these locks follow, for an image of `size` bytes.
    pub fn protocol(&self, size: u64) -> LockProtocol {
        LockProtocol::of(&self.locks, size)
    }

    /// The kinds of its locks, without duplicates.
    pub fn classes(&self) -> Vec<LockClass> {
        let mut classes: Vec<LockClass> = self.locks.iter().map(|lock| lock.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

/// The kind of owner of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum HolderOwner {
    /// An open file description: the owner of OFD locks, flock(2) locks and leases.
    Description,
    /// A descriptor table, usually that of one process: the owner of POSIX locks.
    Table,
}

/// A lock for which a process waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Waiter {
    /// The lock.
    pub lock: OwnedLock,
    /// The waiting processes. The kernel does not report them for an OFD lock. In that case, these
    /// are the processes that were seen waiting for an OFD lock on this file: several, one or none.
    pub processes: Vec<HolderProcess>,
    /// Whether exactly these processes wait for exactly this lock.
    pub certain: bool,
    /// The file server whose client waits. The kernel names a thread of the server, which is none of
    /// [`processes`](Waiter::processes).
    pub server: Option<FileServer>,
}

/// A granted lock that no known descriptor explains.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct UnexplainedLock {
    /// The lock.
    pub lock: OwnedLock,
    /// The process that set it, if the kernel reports it and the process is alive. It may no longer
    /// hold the lock.
    pub process: Option<HolderProcess>,
    /// The processes that most likely hold it: they are exiting and still in the kernel, where they
    /// close their descriptors and no longer show them. A killed process stays in this state until its
    /// last close has ended, which a file system can delay.
    pub likely: Vec<HolderProcess>,
    /// The possible explanations.
    pub could_be: Vec<Explanation>,
}

/// A process that has the image open without a lock. It excludes no other opener, and no lock
/// excludes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct UnlockedUser {
    /// The process.
    pub process: HolderProcess,
    /// Whether it can write to the image.
    pub writable: bool,
}

/// A process that has a deleted file open, which had the name of a surveyed image. Its locks are on
/// that file and exclude no opener of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FormerUser {
    /// The process, with its descriptors of the deleted file.
    pub process: HolderProcess,
    /// Whether it can write to the deleted file.
    pub writable: bool,
    /// Whether it holds a lock on the deleted file.
    pub locked: bool,
}
