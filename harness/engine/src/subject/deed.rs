use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{NodeHandle, Reply, StopToken};
use imglock_core::{Action, Backend, Claim, OpenOptions, Outcome};

/// The conditions under which deeds are performed.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The directory of the images.
    pub directory: &'a Path,
    /// The backend of the run.
    pub backend: Backend,
    /// The most time that one deed may take.
    pub step_timeout: Duration,
    /// Ends every wait.
    pub stop: &'a StopToken,
}

impl Stage<'_> {
    /// The deadline of a deed that begins now.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.step_timeout
    }
}

/// An action for a player, with the harness's data of its node.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The action.
    pub action: &'a Action,
    /// The open node of the action, as it is now.
    pub node: Option<OpenNode<'a>>,
    /// The backend of the locks that a newly opened node takes.
    pub locks: Option<Backend>,
    /// The backend of the byte verbs.
    pub bytes: Backend,
}

/// An open node, as the harness's books have it.
#[derive(Debug, Clone, Copy)]
pub struct OpenNode<'a> {
    /// The options of its open.
    pub options: &'a OpenOptions,
    /// The claim it has while it is active.
    pub claim: Claim,
    /// Whether it is active.
    pub active: bool,
    /// The data that its player returned last.
    pub handle: &'a NodeHandle,
}

/// The result of a step.
#[derive(Debug)]
pub struct Performed {
    /// The outcome.
    pub outcome: Outcome,
    /// The node's data, as the player returned it.
    pub handle: Option<NodeHandle>,
    /// Warnings that QEMU printed, or would have printed.
    pub warnings: Vec<String>,
    /// A process that the step made: its actor's name and pid.
    pub born: Option<(String, i32)>,
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
