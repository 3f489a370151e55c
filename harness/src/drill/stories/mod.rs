//! The drills themselves, a file for each theme.

pub(super) mod hotplug;
pub(super) mod migration;
pub(super) mod migration_contested;
pub(super) mod migration_failed;
mod moves;

use serde_json::json;

use super::Lab;
use crate::image::Mode;
use crate::qemu::{Command, Program};
use crate::subject::StepFailure;

/// Starts a QEMU with a bus for disks, under this name.
pub(super) fn machine(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    let words: &[&str] = match lab.program() {
        Program::System => &["-machine", "q35", "-device", "virtio-scsi-pci,id=scsi"],
        _ => &[],
    };
    let arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    lab.start(actor, "A QEMU is started", &arguments)
}

/// Starts a QEMU and gives it a disk, read-write. What uses the disk holds
/// mode `rw`: a SCSI disk in the emulator, a `blkdebug` node with the same
/// claim in the storage daemon.
pub(super) fn machine_with_disk(
    lab: &mut Lab<'_>,
    actor: &str,
    image: &str,
) -> Result<Mode, StepFailure> {
    machine(lab, actor)?;
    let add = Command::new("blockdev-add", lab.file("disk", image));
    lab.tell(actor, "It opens the image", &add)?;
    attach(lab, actor, "disk", "user")?;
    Ok(Mode::Rw)
}

/// Has something use a node read-write, under the id `user`.
pub(super) fn attach(
    lab: &mut Lab<'_>,
    actor: &str,
    node: &str,
    user: &str,
) -> Result<(), StepFailure> {
    let (title, command) = match lab.program() {
        Program::System => (
            "A disk is plugged, and the guest can write",
            Command::new(
                "device_add",
                json!({ "driver": "scsi-hd", "bus": "scsi.0", "id": user, "drive": node }),
            ),
        ),
        _ => (
            "A user that writes is put above it",
            Command::add_claim(user, node, Mode::Rw.claim(), false),
        ),
    };
    lab.tell(actor, title, &command).map(|_| ())
}
