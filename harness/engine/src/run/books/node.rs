use crate::process::NodeHandle;
use imglock_core::{Access, Backend, Claim, OpenOptions};
use imglock_locks::ByteClaims;

/// How a node got its descriptor, which decides what the contract requires of
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The node's own open was granted: an opener in the contract's sense.
    Acquired,
    /// The scenario passed the descriptor on (dup, send). The node may keep a
    /// lock alive.
    Given,
    /// The descriptor was inherited at a fork. A lock that only inherited
    /// descriptors keep alive has leaked.
    Inherited,
}

/// An open node.
#[derive(Debug, Clone)]
pub struct Node {
    /// The options of its open.
    pub options: OpenOptions,
    /// The index of its image.
    pub image: usize,
    /// The backend of its locks; `None` when it takes none.
    pub locks: Option<Backend>,
    /// The claim it has while it is active.
    pub claim: Claim,
    /// Whether it is active.
    pub active: bool,
    /// Whether it is inactive because it released its claim (the source of a
    /// migration), in contrast to a node that was never active (a destination).
    pub gave_up: bool,
    /// How it got its descriptor.
    pub role: Role,
    /// Its open file description. Copies of a descriptor share the number.
    pub description: usize,
    /// The descriptions it left by reopening.
    pub former: Vec<usize>,
    /// Whether its description ever had a second descriptor (dup, send, fork).
    /// Then the description may outlive the node that locked bytes on it.
    pub copied: bool,
    /// Whether byte verbs were used on its description. Then locks beyond its
    /// claim are no breach.
    pub raw_locks: bool,
    /// The worker's data of this node.
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

    /// The claim in force: no permissions while the node is inactive.
    pub fn claim_in_force(&self) -> Claim {
        if self.active { self.claim } else { Claim::NOTHING }
    }

    /// Whether it waits for a claim that it has never had.
    pub fn waits(&self) -> bool {
        !self.active && !self.gave_up && self.role == Role::Acquired
    }

    /// A copy of the node, whose descriptor has `handle`'s number.
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

    /// The node after a reopen. `reached` is the image and the new description
    /// of a reopen that was granted.
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
        // A destination that is inactivated once more has no claim to release.
        self.gave_up |= self.active;
        self.active = false;
    }

    fn keep(&mut self, handle: Option<NodeHandle>) {
        if let Some(handle) = handle {
            self.handle = handle;
        }
    }
}
