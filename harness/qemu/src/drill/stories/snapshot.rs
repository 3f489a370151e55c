//! A disk that becomes the backing file of a new one.

use serde_json::{Value, json};

use super::ANY;
use super::nodes::{Layer, attach, machine, make_chain, open};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::{Command, QemuProgram};
use imglock_core::Mode;
use imglock_engine::StepFailure;

const DISK: Layer<'_> = Layer::qcow2("disk", "disk.qcow2");
const OVERLAY: &str = "overlay.qcow2";

/// `blockdev-snapshot`.
pub const SNAPSHOT: Drill = Drill {
    name: "snapshot",
    commands: "blockdev-snapshot",
    summary: "A snapshot loses the locks of the old disk if its file node is inline",
    about: "\
The old disk becomes a read-only backing file. QEMU reopens its format node, and an inline file node with \
it, on a new read-only descriptor. Closing the old one drops every POSIX lock. A separate file node is not \
reopened.",
    safe: "\
Use OFD locks. Without them, give each file its own node with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.qcow2 as a backing file", LockEffect::Keeps, LockEffect::Loses)
            .inline(LockEffect::Loses),
        DrillExpected::posix("overlay.qcow2", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: snapshot,
};

fn snapshot(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    disk_and_overlay(lab)?;
    open(lab, "vm1", &[Layer::qcow2("overlay", OVERLAY)])?;
    let arguments = json!({ "node": "disk", "overlay": "overlay" });
    lab.tell(
        "vm1",
        "The overlay is put above the disk",
        &Command::new("blockdev-snapshot", arguments),
    )?;
    lab.prove("disk.qcow2 as a backing file", "vm1", "disk.qcow2", Mode::Qcow2Ro)?;
    lab.prove(OVERLAY, "vm1", OVERLAY, Mode::Qcow2Rw)
}

/// `blockdev-snapshot-sync`.
pub const SNAPSHOT_SYNC: Drill = Drill {
    name: "snapshot-sync",
    commands: "blockdev-snapshot-sync",
    summary: "blockdev-snapshot-sync opens the overlay with locking=auto: without OFD locks the new disk has none",
    about: "\
The command takes a file name, not a node, so locking=on cannot be set for the overlay. With locking=auto, \
QEMU locks with OFD or not at all, without a message. From then on the guest writes to an image without a \
lock.",
    safe: "\
Use OFD locks, or add the overlay as a separate node with locking=on and use blockdev-snapshot.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.qcow2 as a backing file", LockEffect::Keeps, LockEffect::Loses)
            .inline(LockEffect::Loses),
        DrillExpected::posix("overlay.qcow2", LockEffect::Loses, LockEffect::Loses),
    ],
    body: snapshot_sync,
};

fn snapshot_sync(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    disk_and_overlay(lab)?;
    let arguments = json!({
        "node-name": "disk", "snapshot-file": OVERLAY, "snapshot-node-name": "overlay",
        "format": "qcow2", "mode": "existing",
    });
    let snapshot: Value = arguments;
    lab.tell(
        "vm1",
        "The overlay is put above the disk",
        &Command::new("blockdev-snapshot-sync", snapshot),
    )?;
    lab.prove("disk.qcow2 as a backing file", "vm1", "disk.qcow2", Mode::Qcow2Ro)?;
    lab.prove(OVERLAY, "vm1", OVERLAY, Mode::Qcow2Rw)
}

fn disk_and_overlay(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    make_chain(lab, &[DISK])?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &[DISK])?;
    attach(lab, "vm1", "disk")?;
    // Without its backing file's name, it can be opened alone.
    lab.run(
        QemuProgram::Img,
        "An overlay is made",
        &["create", "-q", "-f", "qcow2", OVERLAY, "1M"],
    )?;
    lab.watch(OVERLAY);
    Ok(())
}
