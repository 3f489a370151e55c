use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

/// A module to load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ModuleOrder {
    /// Its name.
    pub(super) name: String,
    /// Its file.
    pub(super) file: PathBuf,
    /// Whether the guest works without it.
    pub(super) optional: bool,
}
