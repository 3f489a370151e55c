use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::SystemTime;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{LockProtocol, OwnedLock};
use crate::lock_table::{FileKey, LockClass};
use crate::users::DataUsers;
use imglock_core::{Claim, Mode, Reading};

/// The result of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Survey {
    /// The images, in the order of the paths given to the survey.
    pub images: Vec<SurveyedImage>,
    /// The number of processes that could not be inspected for lack of permission. Kernel threads
    /// and processes that have exited do not count.
    pub unreadable: usize,
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
    /// The users of the same bytes that reach them past this file's locks.
    pub users: DataUsers,
}

impl SurveyedImage {
    /// Returns whether the image is locked, by a known or an unknown owner.
    pub fn is_held(&self) -> bool {
        !self.holders.is_empty() || !self.unexplained.is_empty()
    }

    /// Returns whether the image has a lock that the kernel does not report. Every process that has
    /// the image open may hold it.
    pub fn hides_a_holder(&self) -> bool {
        self.unexplained.iter().any(|one| one.could_be.contains(&Explanation::FileSystem))
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
        let mut reading = Reading::default();
        for lock in self.locks.iter().filter(|lock| lock.class.backend().is_some()) {
            if let Some(kind) = lock.kind {
                reading.add(kind, lock.range);
            }
        }
        reading
    }

    /// The permissions held and shared, or `None` if no lock byte is locked.
    pub fn claim(&self) -> Option<Claim> {
        Some(self.reading().claim()).filter(|claim| *claim != Claim::NOTHING)
    }

    /// All modes with this claim. The list is empty if there is no claim or no mode matches it.
    pub fn modes(&self) -> Vec<Mode> {
        let claim = self.claim();
        Mode::ALL.iter().copied().filter(|mode| Some(mode.claim()) == claim).collect()
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

/// A process, with the facts that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HolderProcess {
    /// Its process ID in the pid namespace of the survey.
    pub pid: i32,
    /// The process ID of its current parent.
    pub ppid: Option<i32>,
    /// The short name of its current parent.
    pub parent: Option<String>,
    /// Its effective user ID.
    pub uid: Option<u32>,
    /// The name of that user, if there is one.
    pub user: Option<String>,
    /// Its short name, which the kernel truncates to 15 bytes. Empty if it has exited.
    pub comm: String,
    /// Its command line. Empty if the process has erased it.
    pub command: Vec<String>,
    /// Its start time, in whole seconds.
    pub started: Option<SystemTime>,
    /// Whether the process that started it has exited, so that its current parent is another one. A
    /// program that detaches by setsid(2) alone looks like one that the current parent started, and
    /// is not reported. A daemon that forks once more afterwards is, as with QEMU's `-daemonize`.
    pub orphan: bool,
    /// The descriptors of the image in this process that belong to this owner. Empty if the process
    /// could not be inspected.
    pub fds: Vec<RawFd>,
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

/// A possible explanation of a lock without a descriptor that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Explanation {
    /// It belongs to a process that could not be inspected.
    UnreadableProcess,
    /// Its descriptor is in flight in a Unix socket (unix(7)).
    InFlight,
    /// Its file is registered with io_uring, and all descriptors are closed.
    IoUring,
    /// It belongs to a thread with its own descriptor table.
    ThreadTable,
    /// It belongs to a process in another pid namespace.
    OtherNamespace,
    /// It is on another file with the same inode number, whose descriptors were not visible.
    OtherFile,
    /// The file system keeps its locks itself, as a FUSE server can. The kernel does not know their
    /// owners.
    FileSystem,
}

impl Explanation {
    /// A phrase that completes "the lock is" or "it can be".
    pub fn meaning(self) -> &'static str {
        match self {
            Explanation::UnreadableProcess => "of a process that could not be inspected",
            Explanation::InFlight => "of a descriptor in flight in a Unix socket",
            Explanation::IoUring => "of a file registered with io_uring",
            Explanation::ThreadTable => "of a thread with a descriptor table of its own",
            Explanation::OtherNamespace => "of a process in another pid namespace",
            Explanation::OtherFile => "on another file with the same inode number",
            Explanation::FileSystem => {
                "of any process: the file system keeps its locks itself and does not report their owners"
            }
        }
    }
}
