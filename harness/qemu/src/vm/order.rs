use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The file in which a guest finds what it is to do.
pub(super) const ORDER: &str = "/imglock/order.json";

/// What a guest is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// What `imglock` is called with.
    pub(super) arguments: Vec<String>,
    /// Where programs are, as `PATH` has it.
    pub(super) path: String,
    /// What is to be loaded, in this order.
    pub(super) modules: Vec<ModuleOrder>,
    /// Files of the user's: where each is, and where it is to be put.
    pub(super) files: Vec<(PathBuf, PathBuf)>,
    /// Where it runs, so that relative names lead where they do on the host.
    pub(super) directory: PathBuf,
}

/// A module that is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ModuleOrder {
    /// Its name.
    pub(super) name: String,
    /// Its file.
    pub(super) file: PathBuf,
    /// That it cannot be loaded does no harm.
    pub(super) optional: bool,
}
