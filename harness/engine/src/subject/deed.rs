use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{NodeHandle, Reply, StopToken};
use imglock_core::Backend;
use imglock_core::Claim;
use imglock_core::{Action, OpenOptions, Outcome};

/// Where and how long deeds are done.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// Where the images are.
    pub directory: &'a Path,
    /// On which locks the run is.
    pub backend: Backend,
    /// How long one deed may take.
    pub step_timeout: Duration,
    /// Ends every wait.
    pub stop: &'a StopToken,
}

impl Stage<'_> {
    /// The latest moment at which what begins now may end.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.step_timeout
    }
}

/// What a player is to do: an action, with what the harness knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// What.
    pub action: &'a Action,
    /// The open node that it is about, as it is now.
    pub node: Option<OpenNode<'a>>,
    /// Which locks a node that it opens takes.
    pub locks: Option<Backend>,
    /// Which locks the byte verbs use.
    pub bytes: Backend,
}

/// An open node, as the harness's books have it.
#[derive(Debug, Clone, Copy)]
pub struct OpenNode<'a> {
    /// How it was opened.
    pub options: &'a OpenOptions,
    /// What it claims, were it active.
    pub claim: Claim,
    /// Whether it is active.
    pub active: bool,
    /// What its player said of it last.
    pub handle: &'a NodeHandle,
}

/// What a step did, besides its outcome.
#[derive(Debug)]
pub struct Performed {
    /// What came of it.
    pub outcome: Outcome,
    /// The node as its player gave it back.
    pub handle: Option<NodeHandle>,
    /// What QEMU printed, or would have printed.
    pub warnings: Vec<String>,
    /// A process that was made: its actor's name and pid.
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
