use super::Drill;
use super::stories::{hotplug, sharing, startup};

/// Every drill.
pub const ALL: &[Drill] = &[
    hotplug::HOTPLUG,
    startup::STARTUP,
    startup::STARTUP_BLOCKDEV,
    sharing::SHARE_RW,
    sharing::SHARE_RW_QCOW2,
    sharing::LOCKING_OFF,
];

/// The drill of this name.
pub fn find(name: &str) -> Option<&'static Drill> {
    ALL.iter().find(|drill| drill.name == name)
}
