use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attempt::Attempt;
use super::table::Owner;
use imglock_core::{Access, Backend, ByteRange, Claim, LockType, Outcome};

/// An open file description.
#[derive(Debug, Clone)]
pub(super) struct Description {
    pub(super) file: usize,
    pub(super) access: Access,
    pub(super) offset: i64,
    /// All its descriptors: descriptor table and name in that table.
    pub(super) nodes: BTreeSet<(usize, String)>,
}

/// One open of an image: a descriptor, and the state that its opener believes in.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) description: usize,
    pub(super) cloexec: bool,
    /// The name of the image when it was opened. A reopen looks it up again.
    pub(super) image: String,
    /// The backend of its raw byte locks.
    pub(super) backend: Backend,
    /// Whether its claims are locked (not with `locking=off`).
    pub(super) locking: bool,
    /// The claim in force; [`Claim::NOTHING`] while inactive.
    pub(super) claim: Claim,
    /// The claim to acquire on activation, while the node is inactive.
    pub(super) dormant: Option<Claim>,
    /// The lock bytes that it believes to have, whether or not the kernel has them.
    pub(super) tracked: BTreeSet<i64>,
    /// Its open is paused: the descriptor exists, but not yet the node.
    pub(super) opening: bool,
}

/// A descriptor table: of one process, or of several that share it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Its first actor. Its locks and nodes have this name.
    pub(super) name: String,
    /// The number of live actors that share it.
    pub(super) actors: usize,
    pub(super) nodes: BTreeMap<String, Node>,
}

/// One process or thread of the scenario.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) name: Arc<str>,
    pub(super) table: usize,
    pub(super) pending: Option<Pending>,
}

/// A step that was `blocked` or `paused` and has not been awaited.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    /// Its request is in the queue.
    Waiting,
    /// The actor was stopped while it waited, so its request is not in the queue.
    Stopped {
        request: Request,
        /// A signal arrived while the actor was stopped. It interrupts the wait on `continue`.
        signalled: bool,
    },
    /// Paused between two lock calls.
    Paused(Attempt),
    /// Finished; `await` returns this outcome.
    Over(Outcome),
}

/// A lock for which an actor waits.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) setter: Arc<str>,
    /// The descriptor of the call: its table and its name in that table.
    pub(super) descriptor: (usize, String),
    /// The open file description. The waiting call keeps it open.
    pub(super) description: usize,
    pub(super) file: usize,
    pub(super) owner: Owner,
    pub(super) kind: LockType,
    pub(super) range: ByteRange,
    /// The owner of the last conflicting lock.
    pub(super) blocker: Option<Owner>,
}

/// The target of the lock calls of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) owner: Owner,
    pub(super) access: Access,
}
