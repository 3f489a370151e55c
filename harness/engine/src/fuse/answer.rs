//! The two messages between a server and the process that started it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::FuseLocks;

/// The first message to a server.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The directory that is served.
    pub backing: PathBuf,
    /// The mount point.
    pub mount_point: PathBuf,
    /// How locks are kept.
    pub locks: FuseLocks,
}

/// The server's answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The file system is mounted, and the server answers requests.
    Ready,
    /// The server cannot serve, for this reason.
    Failed(String),
}
