use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::attempt::Attempt;
use super::table::Owner;
use imglock_core::Outcome;
use imglock_core::{Access, Claim};
use imglock_core::{Backend, ByteRange, LockType};

/// An open file description.
#[derive(Debug, Clone)]
pub(super) struct Description {
    pub(super) file: usize,
    pub(super) access: Access,
    pub(super) offset: i64,
    /// Every descriptor of it: descriptor table and name there.
    pub(super) nodes: BTreeSet<(usize, String)>,
}

/// One open of an image: a descriptor, and what its opener believes.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) description: usize,
    pub(super) cloexec: bool,
    /// The image's name when it was opened, which a reopen looks up again.
    pub(super) image: String,
    /// Whom raw byte locks are asked of.
    pub(super) backend: Backend,
    /// Whether its claims are locked at all (`locking=off` does not).
    pub(super) locking: bool,
    /// The claim in force; [`Claim::NOTHING`] while inactive.
    pub(super) claim: Claim,
    /// While inactive, the claim to acquire on activation.
    pub(super) dormant: Option<Claim>,
    /// The lock bytes it believes to have, whatever the kernel thinks.
    pub(super) tracked: BTreeSet<i64>,
    /// Its open is paused: there is a descriptor, and no node yet.
    pub(super) opening: bool,
}

/// A descriptor table: a process, or several that share it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The actor it began with; its locks and nodes are named after it.
    pub(super) name: String,
    /// How many live actors share it.
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
    /// It was stopped while it waited: its request is out of the queue.
    Stopped {
        request: Request,
        /// A signal came in the meantime and interrupts it on `continue`.
        signalled: bool,
    },
    /// Halted between two lock calls.
    Paused(Attempt),
    /// Over; `await` will fetch this.
    Over(Outcome),
}

/// A lock that is waited for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) setter: Arc<str>,
    /// The descriptor it was made on: its table and name there.
    pub(super) descriptor: (usize, String),
    /// The call keeps its description open while it waits.
    pub(super) description: usize,
    pub(super) file: usize,
    pub(super) owner: Owner,
    pub(super) kind: LockType,
    pub(super) range: ByteRange,
    /// Whose lock it last ran into.
    pub(super) blocker: Option<Owner>,
}

/// Where a node's lock calls go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) owner: Owner,
    pub(super) access: Access,
}
