use serde::{Deserialize, Serialize};

use crate::guest::ModuleOrder;

/// The file in the guest that contains its order.
pub(super) const ORDER: &str = "/imglock/lan.json";

/// The preparation of a guest before its first request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// Its name in the network (uname(2), `nodename`).
    pub(super) name: String,
    /// Its address in the network.
    pub(super) address: std::net::Ipv4Addr,
    /// The directories of programs, in the format of `PATH`.
    pub(super) path: String,
    /// The modules to load, in order.
    pub(super) modules: Vec<ModuleOrder>,
}
