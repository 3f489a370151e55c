use super::Drill;
use super::stories::{hotplug, migration, migration_contested, migration_failed};

/// Every drill.
pub const ALL: &[Drill] = &[
    hotplug::HOTPLUG,
    migration::HANDOVER,
    migration::LATE,
    migration::PAUSED,
    migration::POSIX_DRIVE,
    migration_contested::INTRUDER,
    migration_contested::REFUSED,
    migration_contested::UNLOCKED_SOURCE,
    migration_contested::GUARDED,
    migration_failed::CANCELLED,
    migration_failed::DESTINATION_KILLED,
    migration_failed::SOURCE_KILLED,
    migration_failed::NOT_LOADED,
];

/// The drill of this name.
pub fn find(name: &str) -> Option<&'static Drill> {
    ALL.iter().find(|drill| drill.name == name)
}
