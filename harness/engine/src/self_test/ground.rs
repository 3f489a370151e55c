use std::sync::Arc;

use crate::run::SessionOptions;
use imglock_core::Backend;
use imglock_scenario::{ModeMatrix, Scenario};

/// Where a hunter looks.
#[derive(Debug, Clone)]
pub struct CatchGround {
    /// How processes are started; the fault is in here.
    pub options: SessionOptions,
    /// On which locks.
    pub backend: Backend,
    /// The scenarios that there are.
    pub scenarios: Arc<[Arc<Scenario>]>,
    /// What must come of every pair of modes.
    pub matrix: Arc<ModeMatrix>,
}
