//! Devices that are plugged and unplugged.

use serde_json::json;

use super::SYSTEM;
use super::nodes::{Layer, USER, machine, machine_with_disk, open, plug, plug_sharing, unplug};
use crate::drill::{Drill, DrillExpected, DrillVariant, FileNode, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::{Backend, Mode};
use imglock_engine::StepFailure;

/// A second device on a node that is in use.
pub const DEVICE_SAME_NODE: Drill = Drill {
    name: "device-same-node",
    commands: "device_add, device_del, one node",
    summary: "Plugging and unplugging a second device on the same node does not change the locks",
    about: "\
Both devices use one node, which has one descriptor. When one device is unplugged, the node releases only \
the permissions that no other user needs, and closes nothing.",
    safe: "This command sequence is safe: all devices of one machine that use an image should share its node.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses)],
    body: device_same_node,
};

fn device_same_node(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &[Layer::raw("disk", "disk.img")])?;
    plug_sharing(lab, "vm1", USER, "disk")?;
    plug_sharing(lab, "vm1", "other", "disk")?;
    unplug(lab, "vm1", "other")?;
    lab.prove_settled("disk.img", "vm1", "disk.img", Mode::ShareRw)
}

/// A second device on its own node.
pub const DEVICE_SECOND_NODE: Drill = Drill {
    name: "device-second-node",
    commands: "device_add, device_del, two nodes",
    summary: "Unplugging a second device that has its own node of the same image unlocks the image",
    about: "\
The second node belongs to the same process, so its POSIX locks and those of the first node are one set. \
When its device is unplugged, the second node unlocks the bytes that it no longer needs, and so unlocks them \
for both nodes. No descriptor has been closed yet.",
    safe: "\
Use OFD locks. Without them, plug both devices on one node.",
    players: SYSTEM,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img with both plugged", LockEffect::Keeps, LockEffect::Loses)
            .inline(LockEffect::Keeps),
        DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses),
    ],
    body: device_second_node,
};

fn device_second_node(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &[Layer::raw("disk", "disk.img")])?;
    plug_sharing(lab, "vm1", USER, "disk")?;
    open(lab, "vm1", &[Layer::raw("second", "disk.img")])?;
    plug_sharing(lab, "vm1", "other", "second")?;
    lab.prove("disk.img with both plugged", "vm1", "disk.img", Mode::ShareRw)?;
    unplug(lab, "vm1", "other")?;
    lab.prove_settled("disk.img", "vm1", "disk.img", Mode::ShareRw)
}

/// A raw image whose disk is unplugged and plugged again.
pub const DEVICE_GAP: Drill = Drill {
    name: "device-gap",
    commands: "device_del, then device_add",
    summary: "Between device_del and device_add a raw image is unlocked, also with OFD locks",
    about: "\
A raw node without a user holds no lock byte, although QEMU has the image open. While the disk is unplugged, \
another process can acquire the image, and the machine cannot acquire it again.",
    safe: "\
Plug the new device before the old one is unplugged (with share-rw=on on both during this time), or keep \
another user on the node, such as an NBD export.",
    players: SYSTEM,
    unable: &[],
    expected: &[
        DrillExpected::always("disk.img between the two", LockEffect::Open),
        DrillExpected::posix("disk.img plugged again", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: device_gap,
};

fn device_gap(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    machine_with_disk(lab, "vm1", "disk.img")?;
    unplug(lab, "vm1", USER)?;
    lab.prove_settled("disk.img between the two", "vm1", "disk.img", Mode::None)?;
    plug(lab, "vm1", "scsi-hd", USER, "disk")?;
    lab.prove("disk.img plugged again", "vm1", "disk.img", Mode::Rw)
}

/// The conditions under which passing a descriptor has no effect.
const NOT_PASSED: &[(DrillVariant, &str)] = &[
    (DrillVariant::new(Backend::Ofd, FileNode::AutoReadOnly), ONE_DESCRIPTOR),
    (DrillVariant::new(Backend::Posix, FileNode::ReadWrite), OF_THE_PROCESS),
    (DrillVariant::new(Backend::Posix, FileNode::AutoReadOnly), OF_THE_PROCESS),
    (DrillVariant::new(Backend::Posix, FileNode::Inline), OF_THE_PROCESS),
];
const ONE_DESCRIPTOR: &str = "the passed descriptor is read-write, and it is the only one";
const OF_THE_PROCESS: &str = "POSIX locks belong to the process; a passed descriptor shares none";

/// One open file description in two machines.
pub const PASSED_DESCRIPTOR: Drill = Drill {
    name: "passed-descriptor",
    commands: "add-fd in two machines",
    summary: "Two machines with one descriptor share its locks: both are granted, and one unlocks for both",
    about: "\
An OFD lock belongs to the open file description, and a passed descriptor refers to the same description. So \
the two machines do not conflict, although both claim to be the only writer. When one of them quits, its \
node unlocks the bytes that the other one still relies on.",
    safe: "\
Open the file once for each machine: descriptors from two open(2) calls refer to two descriptions, however \
they are passed on.",
    players: SYSTEM,
    unable: NOT_PASSED,
    expected: &[
        DrillExpected::always("disk.img, used by both", LockEffect::Keeps),
        DrillExpected::always("disk.img after one has quit", LockEffect::Loses),
    ],
    body: passed_descriptor,
};

fn passed_descriptor(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let descriptor = lab.descriptor("disk.img")?;
    for actor in ["vm1", "vm2"] {
        machine(lab, actor)?;
        let add = Command::new("add-fd", json!({ "fdset-id": 1 }));
        lab.tell_with(actor, "It is given the descriptor", &add, &descriptor)?;
        open(lab, actor, &[Layer::raw("disk", "/dev/fdset/1")])?;
        plug(lab, actor, "scsi-hd", USER, "disk")?;
    }
    // The process that passed it on keeps no copy.
    drop(descriptor);
    lab.prove("disk.img, used by both", "vm1", "disk.img", Mode::Rw)?;
    lab.quit("vm2", "One of them quits")?;
    lab.prove_settled("disk.img after one has quit", "vm1", "disk.img", Mode::Rw)
}
