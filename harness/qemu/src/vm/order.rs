use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::guest::ModuleOrder;

/// The file in the guest that contains its order.
pub(super) const ORDER: &str = "/imglock/order.json";

/// The order to a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// The arguments of `imglock`.
    pub(super) arguments: Vec<String>,
    /// The directories of programs, in the format of `PATH`.
    pub(super) path: String,
    /// The modules to load, in order.
    pub(super) modules: Vec<ModuleOrder>,
    /// The user's files: the current and the final path of each.
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    /// The working directory, so that relative names have the same meaning as
    /// on the host.
    pub(super) directory: PathBuf,
}
