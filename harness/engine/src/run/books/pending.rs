//! Steps that have begun and not ended, and the claims they leave behind.

use imglock_core::{Action, Claim};

/// A step that is blocked or paused.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) action: Action,
    /// The image of the step. While the step is pending, the image's name may
    /// come to refer to another image, and another thread may close the node.
    pub(super) image: Option<usize>,
}

/// A claim locked through a descriptor that no node represents any more. Its
/// actor died in the middle of a step while other actors share the descriptor
/// table, or a waiting call still uses its description.
#[derive(Debug, Clone)]
pub(super) struct Orphan {
    pub(super) table: usize,
    pub(super) image: usize,
    pub(super) claim: Claim,
}
