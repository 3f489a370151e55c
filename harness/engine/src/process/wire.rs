use std::os::fd::RawFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::execution::Execution;
use crate::arena::RaceBatch;
use crate::fault::Fault;
use imglock_core::{Access, Backend, Claim, LockType, Outcome, RangeSpec};
use imglock_locks::ByteClaims;

/// The data of an open node; kept by the caller, not by the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHandle {
    /// The descriptor's number in the process that has the node.
    pub fd: RawFd,
    /// The backend of its locks; `None` when it takes none.
    pub locks: Option<Backend>,
    /// The lock bytes that it took.
    pub claims: ByteClaims,
}

/// A request to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Opens `path` and acquires `claim`.
    Open {
        /// The image.
        path: PathBuf,
        /// The access of the open.
        access: Access,
        /// Whether exec closes it.
        cloexec: bool,
        /// The backend of the locks; `None` for none.
        locks: Option<Backend>,
        /// The claim to acquire; `Claim::NOTHING` for an inactive node.
        claim: Claim,
        /// Halt after this number of lock calls.
        pause_after: Option<u32>,
    },
    /// Closes a descriptor.
    Close {
        /// Its number.
        fd: RawFd,
    },
    /// Changes a node's claim in place.
    Change {
        /// The node.
        node: NodeHandle,
        /// Its new claim.
        claim: Claim,
        /// Halt after this number of lock calls.
        pause_after: Option<u32>,
    },
    /// Changes a node's claim on a new descriptor, and closes the old one.
    Reopen {
        /// The node.
        node: NodeHandle,
        /// The image.
        path: PathBuf,
        /// The access of the new open.
        access: Access,
        /// Whether exec closes it.
        cloexec: bool,
        /// The new claim.
        claim: Claim,
    },
    /// pread(2).
    Read {
        /// The descriptor.
        fd: RawFd,
        /// Offset in bytes.
        at: u64,
        /// Length in bytes.
        len: u64,
    },
    /// pwrite(2).
    Write {
        /// The descriptor.
        fd: RawFd,
        /// Offset in bytes.
        at: u64,
        /// The data to write.
        data: String,
    },
    /// lseek(2).
    Seek {
        /// The descriptor.
        fd: RawFd,
        /// The new offset in bytes.
        to: u64,
    },
    /// fcntl(2) with `F_DUPFD_CLOEXEC`.
    Dup {
        /// The descriptor.
        fd: RawFd,
    },
    /// Sends a descriptor back with the reply.
    Give {
        /// The descriptor.
        fd: RawFd,
    },
    /// Takes the descriptor that comes with this request.
    Take,
    /// Takes a byte-range lock.
    Lock {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// Shared or exclusive.
        kind: LockType,
        /// The bytes to lock.
        range: RangeSpec,
        /// Whether to wait for the lock.
        wait: bool,
    },
    /// Unlocks a byte range.
    Unlock {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// The bytes to unlock.
        range: RangeSpec,
    },
    /// Tests for a conflicting lock (`F_GETLK`, `F_OFD_GETLK`).
    Test {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// Shared or exclusive.
        kind: LockType,
        /// The bytes to test.
        range: RangeSpec,
    },
    /// Waits for a write lock on a range, to measure when it becomes free. The
    /// worker answers twice: [`Outcome::Blocked`] just before the wait, and
    /// `Released` after it.
    AwaitRelease {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// The bytes to lock.
        range: RangeSpec,
    },
    /// Opens `path` with each of `claims` in turn, and closes it again. The
    /// answer has one [`Tried`](super::Tried) for each of them.
    TryEach {
        /// The image.
        path: PathBuf,
        /// The backend of the locks.
        locks: Backend,
        /// Claims with which this same process opens the image before each try,
        /// and closes it after the try.
        beside: Vec<Claim>,
        /// The claims to try.
        claims: Vec<Claim>,
    },
    /// Runs a batch of rounds together with other workers. Their shared memory
    /// comes with this request.
    Race(RaceBatch),
    /// Registers a descriptor with an io_uring instance, which then refers to
    /// its open file description until after the worker's death.
    RegisterWithUring {
        /// The descriptor.
        fd: RawFd,
    },
    /// fork(2); the child's socket comes with the reply.
    Fork {
        /// The child's `comm`.
        name: String,
    },
    /// clone(2) with `CLONE_FILES`; the new process's socket comes with the
    /// reply.
    Thread {
        /// The new process's `comm`.
        name: String,
    },
    /// execve(2) of the program itself.
    Exec,
    /// Exits without a reply.
    Exit,
    /// Resumes after a pause.
    Resume,
}

/// A worker's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The outcome of the request.
    pub outcome: Outcome,
    /// The node's new data, where the request made or changed a node.
    pub node: Option<NodeHandle>,
    /// The pid of the new process, where the request made one.
    pub pid: Option<i32>,
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Reply {
        Reply { outcome, node: None, pid: None }
    }
}

/// An order from the command to its launcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Makes the scratch directory inside this directory.
    Prepare { directory: PathBuf, keep: bool, deny_ofd: bool, fault: Option<Fault> },
    /// Makes a directory for one scenario.
    Begin,
    /// Forks workers with these names; their sockets come with the answer.
    Spawn { names: Vec<String> },
    /// Starts another program; its socket and its log come with the answer.
    Execute(Execution),
    /// Kills all processes that the scenario started, and removes its
    /// directory.
    End,
}

/// The launcher's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The directory that was made.
    Directory(PathBuf),
    /// The workers' process ids, in the order of their names.
    Spawned(Vec<i32>),
    /// The program's process id.
    Executed(i32),
    /// The scenario's processes have ended and its directory is removed.
    Ended,
    /// The scratch directory could not be made: the errno, 0 for none.
    NoScratch(i32),
    /// The order failed, for this reason.
    Failed(String),
}
