//! The drills, one file for each theme.

pub(super) mod cdrom;
pub(super) mod create;
pub(super) mod device;
pub(super) mod hotplug;
pub(super) mod job;
pub(super) mod migration;
mod nodes;
pub(super) mod reopen;
pub(super) mod sharing;
pub(super) mod snapshot;
pub(super) mod startup;
pub(super) mod target;

use crate::qemu::{QemuProgram, QemuVersion};

/// Every program with a monitor.
const ANY: &[(QemuProgram, QemuVersion)] = &[
    (QemuProgram::System, QemuVersion::new(7, 2)),
    (QemuProgram::StorageDaemon, QemuVersion::new(7, 2)),
];

/// The emulator, which has devices.
const SYSTEM: &[(QemuProgram, QemuVersion)] = &[(QemuProgram::System, QemuVersion::new(7, 2))];

/// The words of a command line.
fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
