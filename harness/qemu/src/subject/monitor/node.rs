use std::os::fd::RawFd;

use imglock_core::{Access, Backend, Claim};
use imglock_engine::NodeHandle;
use imglock_locks::ByteClaims;

/// A node of a scenario in a QEMU: a `file` node, and above it a user that
/// makes the claim.
#[derive(Debug, Clone)]
pub(super) struct QemuNode {
    /// The `node-name` of the file node.
    pub(super) file: String,
    /// The `node-name` of its user. An inactive node has none: a `blkdebug`
    /// node cannot be inactive and keep its claim.
    pub(super) user: Option<String>,
    /// The user's claim; the future claim if the node is inactive.
    pub(super) claim: Claim,
    pub(super) access: Access,
    /// The file node's descriptor.
    pub(super) fd: RawFd,
    pub(super) locks: Option<Backend>,
}

impl QemuNode {
    /// The node for the engine's records. QEMU keeps its own record of lock
    /// bytes.
    pub(super) fn handle(&self) -> NodeHandle {
        NodeHandle { fd: self.fd, locks: self.locks, claims: ByteClaims::default() }
    }
}
