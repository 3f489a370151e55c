//! Two CD drives with one medium.

use serde_json::json;

use super::SYSTEM;
use super::nodes::{Layer, machine, open, plug, unplug};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// The expected effects on a medium that was in two drives and remains in one.
const ONE_OF_TWO: &[DrillExpected] = &[
    DrillExpected::always("cd.iso in both drives", LockEffect::Keeps),
    DrillExpected::posix("cd.iso", LockEffect::Loses, LockEffect::Loses),
];

/// One of two drives is unplugged.
pub const CDROM: Drill = Drill {
    name: "cdrom",
    commands: "device_del of one of two CD drives",
    summary: "Unplugging one of two CD drives with the same medium unlocks the medium for both",
    about: "\
Each drive has its own node on the same file. The unplugged drive releases the permissions of its node, and \
with POSIX locks the process has only one set of locks. The other drive continues to read, and any other \
process can write to its medium.",
    safe: "\
Use OFD locks. Without them, put both drives on one node.",
    players: SYSTEM,
    unable: &[],
    expected: ONE_OF_TWO,
    body: cdrom,
};

fn cdrom(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    two_drives(lab)?;
    unplug(lab, "vm1", "cd2")?;
    lab.prove_settled("cd.iso", "vm1", "cd.iso", Mode::Cdrom)
}

/// The medium is ejected from one of two drives.
pub const CDROM_EJECT: Drill = Drill {
    name: "cdrom-eject",
    commands: "eject of one of two CD drives",
    summary: "Ejecting the medium from one of two CD drives unlocks it for the other",
    about: "\
As with unplugging: the drive releases its node, and one process has one set of POSIX locks on a file. \
`blockdev-remove-medium` has the same effect.",
    safe: "\
Use OFD locks. Without them, put both drives on one node.",
    players: SYSTEM,
    unable: &[],
    expected: ONE_OF_TWO,
    body: cdrom_eject,
};

fn cdrom_eject(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    two_drives(lab)?;
    let eject = Command::new("eject", json!({ "id": "cd2", "force": true }));
    lab.tell("vm1", "The medium is ejected from one drive", &eject)?;
    lab.prove_settled("cd.iso", "vm1", "cd.iso", Mode::Cdrom)
}

fn two_drives(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("cd.iso", 1 << 20)?;
    machine(lab, "vm1")?;
    for (node, id) in [("medium1", "cd1"), ("medium2", "cd2")] {
        open(lab, "vm1", &[Layer::raw(node, "cd.iso")])?;
        plug(lab, "vm1", "scsi-cd", id, node)?;
    }
    lab.prove("cd.iso in both drives", "vm1", "cd.iso", Mode::Cdrom)
}

/// One of two drives on one node is unplugged.
pub const CDROM_SAME_NODE: Drill = Drill {
    name: "cdrom-same-node",
    commands: "device_del of one of two CD drives, one node",
    summary: "Unplugging one of two CD drives on the same node keeps the locks of the other",
    about: "\
One node, one descriptor, one set of permissions: QEMU keeps the locks that the other drive needs.",
    safe: "This command sequence is safe.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::always("cd.iso", LockEffect::Keeps)],
    body: cdrom_same_node,
};

fn cdrom_same_node(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("cd.iso", 1 << 20)?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &[Layer::raw("medium", "cd.iso")])?;
    for id in ["cd1", "cd2"] {
        plug(lab, "vm1", "scsi-cd", id, "medium")?;
    }
    unplug(lab, "vm1", "cd2")?;
    lab.prove_settled("cd.iso", "vm1", "cd.iso", Mode::Cdrom)
}
