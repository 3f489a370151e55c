use crate::process::NodeHandle;
use imglock_core::Backend;
use imglock_core::OpenOptions;
use imglock_core::{Access, Claim};
use imglock_locks::ByteClaims;

/// How a node came by its descriptor, and so what it may be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It was granted its claim itself: an opener in the contract's sense.
    Acquired,
    /// It was handed a descriptor on purpose (dup, send): it keeps a lock
    /// alive, and rightly so.
    Given,
    /// It came with a fork, unasked: a lock that only such nodes keep alive
    /// has leaked.
    Inherited,
}

/// An open node.
#[derive(Debug, Clone)]
pub struct Node {
    /// How it was opened.
    pub options: OpenOptions,
    /// The index of the image.
    pub image: usize,
    /// Whose locks it takes; `None` when it takes none.
    pub locks: Option<Backend>,
    /// What it claims, were it active.
    pub claim: Claim,
    /// Whether it is active.
    pub active: bool,
    /// Whether it is inactive because it gave its claim up (a migration's
    /// source), and not because it never had it (a destination).
    pub gave_up: bool,
    /// How it came by its descriptor.
    pub role: Role,
    /// Its open file description; copies share the number.
    pub description: usize,
    /// The descriptions that it left behind by reopening.
    pub former: Vec<usize>,
    /// Whether its description ever had a second descriptor (dup, send, fork),
    /// so that it may outlive whoever locked something on it.
    pub copied: bool,
    /// Whether byte verbs were used on its description, so that what is locked
    /// beyond its claim is its own affair.
    pub raw_locks: bool,
    /// What the worker needs to know of it.
    pub handle: NodeHandle,
}

impl Node {
    pub(super) fn opened(
        options: &OpenOptions,
        image: usize,
        locks: Option<Backend>,
        description: usize,
        handle: Option<NodeHandle>,
    ) -> Node {
        Node {
            options: options.clone(),
            image,
            locks,
            claim: options.mode.claim(),
            active: !options.inactive,
            gave_up: false,
            role: Role::Acquired,
            description,
            former: Vec::new(),
            copied: false,
            raw_locks: false,
            handle: handle.unwrap_or(NodeHandle { fd: -1, locks, claims: ByteClaims::default() }),
        }
    }

    /// What is in force: nothing while inactive.
    pub fn claim_in_force(&self) -> Claim {
        if self.active { self.claim } else { Claim::NOTHING }
    }

    /// Whether it waits for a claim that it has never had.
    pub fn waits(&self) -> bool {
        !self.active && !self.gave_up && self.role == Role::Acquired
    }

    /// A copy of the descriptor under `handle`'s number.
    pub(super) fn given(&self, handle: Option<NodeHandle>) -> Node {
        let mut copy = self.clone();
        copy.role = Role::Given;
        copy.options.cloexec = true;
        if let Some(handle) = handle {
            copy.handle.fd = handle.fd;
        }
        copy
    }

    pub(super) fn changed(&mut self, granted: Option<Claim>, handle: Option<NodeHandle>) {
        self.keep(handle);
        if let Some(claim) = granted {
            self.claim = claim;
            self.role = Role::Acquired;
        }
    }

    /// `reached`: the image and the new description, where it was granted.
    pub(super) fn reopened(
        &mut self,
        claim: Claim,
        access: Access,
        reached: Option<(usize, usize)>,
        handle: Option<NodeHandle>,
    ) {
        self.keep(handle);
        if let Some((image, description)) = reached {
            self.image = image;
            self.former.push(self.description);
            self.copied = false;
            self.claim = claim;
            self.options.access = access;
            self.description = description;
            self.role = Role::Acquired;
        }
    }

    pub(super) fn activated(&mut self, granted: bool, handle: Option<NodeHandle>) {
        self.keep(handle);
        if granted {
            self.active = true;
            self.gave_up = false;
            self.role = Role::Acquired;
        }
    }

    pub(super) fn inactivated(&mut self, handle: Option<NodeHandle>) {
        self.keep(handle);
        // A destination that is inactivated once more has nothing to give up.
        self.gave_up |= self.active;
        self.active = false;
    }

    fn keep(&mut self, handle: Option<NodeHandle>) {
        if let Some(handle) = handle {
            self.handle = handle;
        }
    }
}
