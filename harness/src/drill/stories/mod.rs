//! The drills themselves, a file for each theme.

pub(super) mod hotplug;
pub(super) mod sharing;
pub(super) mod startup;

use serde_json::json;

use super::Lab;
use crate::image::Mode;
use crate::qemu::{Command, Program};
use crate::subject::StepFailure;

/// Starts a QEMU with a bus for disks, under this name.
pub(super) fn machine(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    let arguments = words(match lab.program() {
        Program::System => &["-machine", "q35", "-device", "virtio-scsi-pci,id=scsi"],
        _ => &[],
    });
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

/// Has a disk with share-rw=on use a node, under the id `user`.
pub(super) fn attach_sharing(
    lab: &mut Lab<'_>,
    actor: &str,
    node: &str,
    user: &str,
) -> Result<(), StepFailure> {
    let disk = json!({
        "driver": "scsi-hd", "bus": "scsi.0", "id": user, "drive": node, "share-rw": true,
    });
    let add = Command::new("device_add", disk);
    lab.tell(actor, "A disk that shares `write` is plugged", &add).map(|_| ())
}

/// Words of a command line.
pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
