use std::sync::Arc;

use crate::run::SessionOptions;
use imglock_core::Backend;
use imglock_scenario::{ModeMatrix, Scenario};

/// The settings of a detector's run.
#[derive(Debug, Clone)]
pub struct CatchGround {
    /// The session's options, which include the planted fault.
    pub options: SessionOptions,
    /// Lock type.
    pub backend: Backend,
    /// The scenarios to run.
    pub scenarios: Arc<[Arc<Scenario>]>,
    /// The expected outcome of every pair of modes.
    pub matrix: Arc<ModeMatrix>,
}
