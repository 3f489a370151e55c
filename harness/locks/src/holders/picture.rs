use std::os::fd::RawFd;
use std::path::PathBuf;
use std::time::SystemTime;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Danger, LockProtocol};
use crate::lock_table::{FileKey, LockClass};
use imglock_core::{ByteRange, LockType};
use imglock_core::{Claim, Mode, Reading};

/// What a survey found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Survey {
    /// The images, in the order in which they were asked for.
    pub images: Vec<SurveyedImage>,
    /// How many processes could not be looked into for lack of rights. Those
    /// of the kernel itself and those that have ended do not count.
    pub unreadable: usize,
    /// Whether the locks stood still for as long as it took to look; if not,
    /// the picture may mix two moments.
    pub settled: bool,
}

/// One image and the locks on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SurveyedImage {
    /// The path it was asked for by.
    pub path: PathBuf,
    /// The kernel's name of the file.
    pub key: FileKey,
    /// Its size, in bytes.
    pub size: u64,
    /// Whether another file can have the same [`key`](SurveyedImage::key), as
    /// on btrfs, where each subvolume counts its inodes from the start.
    pub ambiguous: bool,
    /// Who has locks, by the smallest pid.
    pub holders: Vec<Holder>,
    /// Who waits for one.
    pub waiters: Vec<Waiter>,
    /// Granted locks whose owner was not found.
    pub unexplained: Vec<UnexplainedLock>,
    /// Who has the image open, and neither has a lock on it nor waits for one.
    pub unlocked: Vec<UnlockedUser>,
}

impl SurveyedImage {
    /// Whether anybody has a lock on it, known or not.
    pub fn is_held(&self) -> bool {
        !self.holders.is_empty() || !self.unexplained.is_empty()
    }

    /// What is dangerous about the locks that are there.
    pub fn dangers(&self) -> Vec<Danger> {
        Danger::of(self)
    }

    /// Whether somebody has a lock that the kernel does not know of: whoever
    /// has the image open may be the one.
    pub fn hides_a_holder(&self) -> bool {
        self.unexplained.iter().any(|one| one.could_be.contains(&Explanation::FileSystem))
    }
}

/// One owner of locks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Holder {
    /// What the locks belong to.
    pub owner: HolderOwner,
    /// Whether it is a guess that these processes share one owner: kcmp(2)
    /// was refused, and their locks alone do not tell.
    pub guessed: bool,
    /// Everybody who has it, by pid. The locks last until all of them have
    /// closed it.
    pub processes: Vec<HolderProcess>,
    /// Its locks.
    pub locks: Vec<OwnedLock>,
}

impl Holder {
    /// What the byte-range locks amount to.
    pub fn reading(&self) -> Reading {
        let mut reading = Reading::default();
        for lock in self.locks.iter().filter(|lock| lock.class.backend().is_some()) {
            if let Some(kind) = lock.kind {
                reading.add(kind, lock.range);
            }
        }
        reading
    }

    /// The permissions held and shared; `None` when no lock byte is locked.
    pub fn claim(&self) -> Option<Claim> {
        Some(self.reading().claim()).filter(|claim| *claim != Claim::NOTHING)
    }

    /// Every mode that makes this claim; several may. Empty when there is no
    /// claim, and when no mode fits it.
    pub fn modes(&self) -> Vec<Mode> {
        let claim = self.claim();
        Mode::ALL.iter().copied().filter(|mode| Some(mode.claim()) == claim).collect()
    }

    /// In whose way it locks, for an image of `size` bytes.
    pub fn protocol(&self, size: u64) -> LockProtocol {
        LockProtocol::of(&self.locks, size)
    }

    /// The kinds of its locks, each once.
    pub fn classes(&self) -> Vec<LockClass> {
        let mut classes: Vec<LockClass> = self.locks.iter().map(|lock| lock.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

/// What locks belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum HolderOwner {
    /// An open file description: OFD locks, flock(2), leases.
    Description,
    /// A descriptor table, in most cases that of one process: POSIX locks.
    Table,
}

/// A process, as far as it lets itself be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HolderProcess {
    /// Its process id, in the survey's own pid namespace.
    pub pid: i32,
    /// Its parent now.
    pub ppid: Option<i32>,
    /// The short name of its parent now.
    pub parent: Option<String>,
    /// The user it acts as (effective uid).
    pub uid: Option<u32>,
    /// That user's name, where there is one.
    pub user: Option<String>,
    /// Its short name, which the kernel cuts off after 15 bytes; empty when
    /// it has ended meanwhile.
    pub comm: String,
    /// Its command line; empty when it has erased it.
    pub command: Vec<String>,
    /// When it was started, to the second.
    pub started: Option<SystemTime>,
    /// Whether its present parent is not the one that started it: that one
    /// has ended. A program that detaches by setsid(2) alone cannot be told
    /// from one that the parent started, and is not meant; a daemon that
    /// forks once more after it, such as QEMU's `-daemonize`, is.
    pub orphan: bool,
    /// The numbers of its descriptors of the image that belong to this owner;
    /// empty when it could not be looked into.
    pub fds: Vec<RawFd>,
}

/// A lock, without its file and owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct OwnedLock {
    /// What kind of lock.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub class: LockClass,
    /// Shared or exclusive; `None` for a lease that its holder was told to
    /// give up.
    pub kind: Option<LockType>,
    /// Which bytes; all of them for what is no byte-range lock.
    pub range: ByteRange,
}

/// A lock that somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Waiter {
    /// What is waited for.
    pub lock: OwnedLock,
    /// Who waits. The kernel does not say it of an OFD lock: then these are
    /// the processes that were seen waiting for one, which may be more than
    /// one, or none.
    pub processes: Vec<HolderProcess>,
    /// Whether it is just these who wait for just this.
    pub certain: bool,
}

/// A granted lock that nobody's descriptors explain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct UnexplainedLock {
    /// The lock.
    pub lock: OwnedLock,
    /// Who set it, where the kernel says so and that process still lives. It
    /// need not have it any more.
    pub process: Option<HolderProcess>,
    /// What can be behind it.
    pub could_be: Vec<Explanation>,
}

/// A process that has the image open without a lock: it keeps nobody out, and
/// notices nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct UnlockedUser {
    /// Who.
    pub process: HolderProcess,
    /// Whether it can write to the image.
    pub writable: bool,
}

/// How a lock can be there without a descriptor that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Explanation {
    /// It belongs to a process that could not be looked into.
    UnreadableProcess,
    /// Its descriptor is on the way through a Unix socket.
    InFlight,
    /// Its descriptor is registered with io_uring, and closed otherwise.
    IoUring,
    /// It belongs to a thread that has a descriptor table of its own.
    ThreadTable,
    /// It belongs to a process in another pid namespace.
    OtherNamespace,
    /// It is on another file, with the same inode number, whose descriptors
    /// could not be seen.
    OtherFile,
    /// The file system keeps its locks itself, as a FUSE server can: the
    /// kernel knows nobody who has one.
    FileSystem,
}

impl Explanation {
    /// One phrase, after "it can be".
    pub fn meaning(self) -> &'static str {
        match self {
            Explanation::UnreadableProcess => "of a process that could not be looked into",
            Explanation::InFlight => "of a descriptor in flight in a Unix socket",
            Explanation::IoUring => "of a file registered with io_uring",
            Explanation::ThreadTable => "of a thread with a descriptor table of its own",
            Explanation::OtherNamespace => "of a process in another pid namespace",
            Explanation::OtherFile => "on another file with the same inode number",
            Explanation::FileSystem => {
                "of anybody: the file system keeps its locks itself and does not say whose they are"
            }
        }
    }
}
