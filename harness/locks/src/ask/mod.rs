//! The locks of other owners, as the kernel reports them when it is asked.
//!
//! `F_OFD_GETLK` acquires nothing and returns one conflicting lock. Where another host, a file
//! server or a process of another pid namespace keeps a lock, /proc/locks does not show it, and this
//! answer is the only evidence. [`inquire`] asks about each of QEMU's lock bytes, then walks the file
//! from answer to answer.
//!
//! This room knows fcntl(2) and ranges. It does not read /proc.

mod asking;
mod walk;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

pub(crate) use asking::ask;
use imglock_core::{
    Backend, Blocker, ByteRange, Errno, LockType, Permission, held_byte, unshared_byte,
};
pub(crate) use walk::inquire;

/// The kernel's answer to one question, whether a lock of a type on a range would conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Answer {
    /// No lock conflicts.
    Free,
    /// This lock conflicts. There can be others: the kernel reports one.
    Conflict(ForeignLock),
    /// The question failed with this errno, so it is unknown whether a lock conflicts.
    Failed(Errno),
}

/// A lock of another owner that the kernel reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ForeignLock {
    /// Shared or exclusive.
    pub kind: LockType,
    /// Its bytes.
    pub range: ByteRange,
    /// Whether the lock is known to cover the whole range. A CIFS server does not report the range
    /// of a lock; then this is the range of the question, and the lock is somewhere in it.
    pub exact: bool,
    /// `l_pid`, if it is positive: the owner of a POSIX lock. A file server may report a number of
    /// another host.
    pub pid: Option<i32>,
}

impl From<Blocker> for ForeignLock {
    fn from(Blocker { kind, range, pid }: Blocker) -> ForeignLock {
        ForeignLock { kind, range, exact: true, pid }
    }
}

/// One lock byte, and the answers to both questions about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ByteAnswers {
    /// The offset of the byte.
    pub byte: i64,
    /// Whether a read lock on it would conflict.
    pub read: Answer,
    /// Whether a write lock on it would conflict.
    pub write: Answer,
}

/// What the kernel answered about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Inquiry {
    /// The kind of lock for which the kernel was asked: OFD, or POSIX where the kernel has no OFD
    /// locks.
    pub backend: Backend,
    /// QEMU's eight lock bytes, in ascending order.
    pub bytes: Vec<ByteAnswers>,
    /// The locks that a walk over the whole file met, in ascending order. Where locks of several
    /// owners overlap, it meets only one of them.
    pub met: Vec<ForeignLock>,
    /// Whether the walk reached the end of the file. Otherwise, there can be other locks.
    pub whole: bool,
    /// Whether another client of the same NFSv4 server may have a read delegation, and keep its read
    /// locks to itself: the image could not be opened for writing, which calls a delegation back.
    pub unrecalled: bool,
}

impl Inquiry {
    /// The answer about a lock byte of QEMU. For any other byte, or if it was not asked, `None`.
    pub fn about(&self, kind: LockType, byte: i64) -> Option<Answer> {
        let answers = self.bytes.iter().find(|answers| answers.byte == byte)?;
        Some(match kind {
            LockType::Read => answers.read,
            LockType::Write => answers.write,
        })
    }

    /// Every lock that an answer reports, in ascending order and without duplicates.
    pub fn reported(&self) -> Vec<ForeignLock> {
        let both = self.bytes.iter().flat_map(|answers| [answers.read, answers.write]);
        let found = both.filter_map(|answer| match answer {
            Answer::Conflict(lock) => Some(lock),
            Answer::Free | Answer::Failed(_) => None,
        });
        let mut all: Vec<ForeignLock> = found.chain(self.met.iter().copied()).collect();
        all.sort_unstable_by_key(|lock| (lock.range, lock.kind, lock.pid, lock.exact));
        all.dedup();
        all
    }

    /// The first errno with which a question failed.
    pub fn failure(&self) -> Option<Errno> {
        let mut both = self.bytes.iter().flat_map(|answers| [answers.read, answers.write]);
        both.find_map(|answer| match answer {
            Answer::Failed(errno) => Some(errno),
            Answer::Free | Answer::Conflict(_) => None,
        })
    }

    /// Returns whether every question was answered and no lock was reported.
    pub fn is_free(&self) -> bool {
        self.whole && !self.unrecalled && self.failure().is_none() && self.reported().is_empty()
    }
}

/// The reason why the kernel was not asked about the locks on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum NotAsked {
    /// open(2) failed with this errno. Asking needs a descriptor that is open for reading.
    Open(Errno),
    /// open(2) would ask the holder of a lease to release it.
    Lease,
    /// The file system did not answer in time.
    NoAnswer,
    /// Closing the file would drop POSIX locks of this process, and it was not allowed to make a
    /// descriptor table of its own (`EPERM`, usually of a seccomp filter).
    OwnLocks(Errno),
    /// A client of this machine's NFS server has a delegation. It keeps its locks to itself until an
    /// open(2) that conflicts makes the server call the delegation back (RFC 8881, 10.4).
    Delegation,
    /// A client of this machine's NFS server has, or may have, lost contact. The question whether a lock
    /// conflicts with one of its locks makes the server drop all of them (since Linux 5.19).
    Courtesy,
}

impl NotAsked {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            NotAsked::Open(_) => "not-opened",
            NotAsked::Lease => "lease",
            NotAsked::NoAnswer => "no-answer",
            NotAsked::OwnLocks(_) => "own-locks",
            NotAsked::Delegation => "delegation",
            NotAsked::Courtesy => "courtesy",
        }
    }

    /// The errno that is the reason, if there is one.
    pub fn errno(self) -> Option<Errno> {
        match self {
            NotAsked::Open(errno) | NotAsked::OwnLocks(errno) => Some(errno),
            NotAsked::Lease | NotAsked::NoAnswer | NotAsked::Delegation | NotAsked::Courtesy => {
                None
            }
        }
    }

    /// A clause that completes "the kernel was not asked: ".
    pub fn meaning(self) -> String {
        match self {
            NotAsked::Open(errno) => {
                format!("the image cannot be opened for reading ({})", errno.text())
            }
            NotAsked::Lease => {
                "a process holds a lease, and an open(2) would ask for its release".to_owned()
            }
            NotAsked::NoAnswer => "the file system did not answer within 2 seconds".to_owned(),
            NotAsked::Delegation => {
                "a client of this machine's NFS server has a delegation, under which it keeps its locks \
                 to itself"
                    .to_owned()
            }
            NotAsked::Courtesy => {
                "a client of this machine's NFS server has, or may have, lost contact, and the question \
                 would make the server drop its locks"
                    .to_owned()
            }
            NotAsked::OwnLocks(errno) => format!(
                "this process has POSIX locks on the image, which closing the image would drop ({})",
                errno.text()
            ),
        }
    }
}

/// QEMU's lock bytes, in ascending order.
fn lock_bytes() -> impl Iterator<Item = i64> {
    let of = |byte: fn(Permission) -> i64| Permission::ALL.into_iter().map(byte);
    of(held_byte).chain(of(unshared_byte))
}
