use super::Drill;
use super::stories::{
    cdrom, create, device, hotplug, job, migration, reopen, sharing, snapshot, startup, target,
};

/// Drills that belong together.
#[derive(Debug, Clone, Copy)]
pub struct DrillTheme {
    /// Their subject.
    pub title: &'static str,
    /// The drills.
    pub drills: &'static [Drill],
}

/// Every drill, by theme.
pub const DRILL_THEMES: &[DrillTheme] = &[
    DrillTheme {
        title: "Start-up and hot-plug",
        drills: &[
            startup::STARTUP,
            startup::STARTUP_DRIVE,
            startup::STARTUP_BLOCKDEV,
            hotplug::HOTPLUG,
            hotplug::FAILED_ADD,
            hotplug::FAILED_ADD_EARLY,
            hotplug::DRIVE_ADD,
            device::DEVICE_SECOND_NODE,
            device::DEVICE_SAME_NODE,
            device::DEVICE_GAP,
            device::PASSED_DESCRIPTOR,
            cdrom::CDROM,
            cdrom::CDROM_EJECT,
            cdrom::CDROM_SAME_NODE,
        ],
    },
    DrillTheme {
        title: "Block jobs, snapshots and reopening",
        drills: &[
            create::CREATE,
            job::COMMIT,
            job::COMMIT_ACTIVE,
            job::STREAM,
            target::MIRROR,
            target::MIRROR_CANCELLED,
            target::DRIVE_MIRROR,
            target::BACKUP,
            snapshot::SNAPSHOT,
            snapshot::SNAPSHOT_SYNC,
            reopen::REOPEN,
            reopen::REOPEN_FORMAT,
            reopen::REOPEN_READ_ONLY,
        ],
    },
    DrillTheme {
        title: "Sharing on purpose",
        drills: &[sharing::SHARE_RW, sharing::SHARE_RW_QCOW2, sharing::LOCKING_OFF],
    },
    DrillTheme {
        title: "Migration",
        drills: &[
            migration::HANDOVER,
            migration::LATE,
            migration::PAUSED,
            migration::POSIX_DRIVE,
            migration::INTRUDER,
            migration::REFUSED,
            migration::UNLOCKED_SOURCE,
            migration::GUARDED,
            migration::CANCELLED,
            migration::DESTINATION_KILLED,
            migration::SOURCE_KILLED,
            migration::NOT_LOADED,
        ],
    },
];

/// Every drill.
pub fn all_drills() -> impl Iterator<Item = &'static Drill> {
    DRILL_THEMES.iter().flat_map(|theme| theme.drills)
}

/// The drill with this name.
pub fn find_drill(name: &str) -> Option<&'static Drill> {
    all_drills().find(|drill| drill.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::drill::LockEffect;

    #[test]
    fn names_and_places_are_told_apart() {
        let names: BTreeSet<&str> = all_drills().map(|drill| drill.name).collect();
        assert_eq!(names.len(), all_drills().count());
        for drill in all_drills() {
            let places: BTreeSet<&str> = drill.expected.iter().map(|one| one.place).collect();
            assert_eq!(places.len(), drill.expected.len(), "{}", drill.name);
            assert!(!places.is_empty(), "{} proves nothing", drill.name);
        }
    }

    #[rstest::rstest]
    #[case("hotplug")]
    #[case("startup")]
    #[case("commit")]
    #[case("mirror")]
    #[case("backup")]
    #[case("stream")]
    #[case("reopen")]
    fn the_losses_that_have_a_name_are_there(#[case] name: &str) {
        let drill = find_drill(name).expect(name);
        assert!(drill.expected.iter().any(|one| one.on(drill.worst()) == LockEffect::Loses));
    }
}
