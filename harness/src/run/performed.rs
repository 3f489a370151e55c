use crate::process::{NodeHandle, Reply};
use crate::step::Outcome;

/// What a step did, besides its outcome.
#[derive(Debug)]
pub(super) struct Performed {
    pub(super) outcome: Outcome,
    /// The node as the worker gave it back.
    pub(super) handle: Option<NodeHandle>,
    /// What QEMU would have printed.
    pub(super) warnings: Vec<String>,
    /// A process that was made: its actor's name and pid.
    pub(super) born: Option<(String, i32)>,
}

impl From<Outcome> for Performed {
    fn from(outcome: Outcome) -> Self {
        Performed { outcome, handle: None, warnings: Vec::new(), born: None }
    }
}

impl From<Reply> for Performed {
    fn from(reply: Reply) -> Self {
        Performed { handle: reply.node, ..reply.outcome.into() }
    }
}
