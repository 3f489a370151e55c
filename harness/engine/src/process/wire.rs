use std::os::fd::RawFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::execution::Execution;
use crate::arena::Heat;
use crate::fault::Fault;
use imglock_core::Outcome;
use imglock_core::{Access, Claim};
use imglock_core::{Backend, LockType, RangeSpec};
use imglock_locks::ByteClaims;

/// All there is to know of an open node; kept by the caller, not the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHandle {
    /// The descriptor's number in the process that has the node.
    pub fd: RawFd,
    /// Whose locks it takes; `None` when it takes none.
    pub locks: Option<Backend>,
    /// The lock bytes it believes to have.
    pub claims: ByteClaims,
}

/// What a worker is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Opens `path` and acquires `claim`.
    Open {
        /// The image.
        path: PathBuf,
        /// How the descriptor is opened.
        access: Access,
        /// Whether exec closes it.
        cloexec: bool,
        /// Whose locks to take; `None` for none.
        locks: Option<Backend>,
        /// What to acquire; `Claim::NOTHING` for an inactive node.
        claim: Claim,
        /// Halt after so many lock calls.
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
        /// Halt after so many lock calls.
        pause_after: Option<u32>,
    },
    /// Changes a node's claim on a new descriptor, and closes the old one.
    Reopen {
        /// The node.
        node: NodeHandle,
        /// The image.
        path: PathBuf,
        /// How the new descriptor is opened.
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
        /// What to write.
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
        /// Which bytes.
        range: RangeSpec,
        /// Wait for it.
        wait: bool,
    },
    /// Gives up a byte range.
    Unlock {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// Which bytes.
        range: RangeSpec,
    },
    /// Asks who would be in the way.
    Test {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// Shared or exclusive.
        kind: LockType,
        /// Which bytes.
        range: RangeSpec,
    },
    /// Waits for a write lock on a range, to tell the moment at which it is
    /// free. Answered twice: [`Outcome::Blocked`] just before the wait, and
    /// [`Released`](super::Released) after it.
    AwaitRelease {
        /// The descriptor.
        fd: RawFd,
        /// OFD or POSIX.
        backend: Backend,
        /// Which bytes.
        range: RangeSpec,
    },
    /// Opens `path` with each of `claims`, one after the other, and closes it
    /// again; answered by one [`Tried`](super::Tried) for each of them.
    TryEach {
        /// The image.
        path: PathBuf,
        /// Whose locks to take.
        locks: Backend,
        /// Claims that this same process opens the image with before each
        /// try, and closes after it.
        beside: Vec<Claim>,
        /// What to try.
        claims: Vec<Claim>,
    },
    /// Runs the rounds of a heat together with other workers, whose memory
    /// comes with this request.
    Race(Heat),
    /// Registers a descriptor with an io_uring instance, which then refers to
    /// its open file description until after the worker's death.
    RegisterWithUring {
        /// The descriptor.
        fd: RawFd,
    },
    /// fork(2); the child's socket comes with the reply.
    Fork {
        /// What to call the child in its `comm`.
        name: String,
    },
    /// clone(2) with `CLONE_FILES`; the new process's socket comes along.
    Thread {
        /// What to call it in its `comm`.
        name: String,
    },
    /// execve(2) of the program itself.
    Exec,
    /// Leave without a reply.
    Exit,
    /// Go on after a pause.
    Resume,
}

/// What a worker answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What came of it.
    pub outcome: Outcome,
    /// The node as it is now, where the request made or changed one.
    pub node: Option<NodeHandle>,
    /// The process that was made, where one was.
    pub pid: Option<i32>,
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Reply {
        Reply { outcome, node: None, pid: None }
    }
}

/// What the command asks of its launcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Makes the scratch directory inside this one.
    Prepare { directory: PathBuf, keep: bool, deny_ofd: bool, fault: Option<Fault> },
    /// Makes a directory for one scenario.
    Begin,
    /// Forks workers with these names; their sockets come with the answer.
    Spawn { names: Vec<String> },
    /// Starts another program; its socket and its log come with the answer.
    Execute(Execution),
    /// Kills everything the scenario started and removes its directory.
    End,
}

/// What the launcher answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The directory that was made.
    Directory(PathBuf),
    /// The workers' process ids, in the order of their names.
    Spawned(Vec<i32>),
    /// The program's process id.
    Executed(i32),
    /// Nothing of the scenario is left.
    Ended,
    /// The scratch directory could not be made: the errno, 0 for none.
    NoScratch(i32),
    /// It did not work, and why.
    Failed(String),
}
