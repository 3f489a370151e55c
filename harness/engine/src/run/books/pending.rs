//! Steps that have begun and not ended, and what they leave behind.

use imglock_core::Action;
use imglock_core::Claim;

/// A step that is blocked or paused.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) action: Action,
    /// The image that it is about. Its name may come to mean another one
    /// meanwhile, and its node be closed by another thread.
    pub(super) image: Option<usize>,
}

/// What was locked through a descriptor that no node stands for any more: by an
/// actor that died half-way while others have its descriptor table, or on a
/// description that a waiting call has in use.
#[derive(Debug, Clone)]
pub(super) struct Orphan {
    pub(super) table: usize,
    pub(super) image: usize,
    pub(super) claim: Claim,
}
