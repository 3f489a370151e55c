//! The two messages between a server and who started it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::FuseLocks;

/// What a server is told first of all.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The directory that is served.
    pub backing: PathBuf,
    /// Where it is seen.
    pub mount_point: PathBuf,
    /// Who keeps the locks.
    pub locks: FuseLocks,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is mounted, and requests are answered.
    Ready,
    /// Why it cannot.
    Failed(String),
}
