//! Nodes that are added and removed beside an existing node.

use serde_json::json;

use super::nodes::{Layer, machine_with_disk};
use super::{ANY, SYSTEM};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_engine::StepFailure;

/// `blockdev-add` and `blockdev-del` of an image that is already in use.
pub const HOTPLUG: Drill = Drill {
    name: "hotplug",
    commands: "blockdev-add, blockdev-del",
    summary: "Adding a second node of an image that is in use, and removing it again, unlocks the image",
    about: "\
A POSIX record lock belongs to the process, and closing any descriptor of the file drops it. The second node \
has its own descriptor, which blockdev-del closes. The first node continues to write without any lock.",
    safe: "\
Use a file system and a kernel with OFD locks (`imglock probe DIR` reports this). Without them, never let \
one QEMU open an image twice: share the node, or stop the guest first.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img before", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses),
    ],
    body: hotplug,
};

fn hotplug(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    lab.prove("disk.img before", "vm1", "disk.img", mode)?;
    let second = Layer::raw("second", "disk.img").file(lab);
    let delete = Command::delete("second-file");
    let add = Command::new("blockdev-add", second);
    lab.tell("vm1", "A second node of the same image is added; nothing uses it", &add)?;
    lab.tell("vm1", "It is removed again, which closes its descriptor", &delete)?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}

/// HMP `drive_add` of an image that is already in use.
pub const DRIVE_ADD: Drill = Drill {
    name: "drive-add",
    commands: "HMP drive_add",
    summary: "drive_add of an image that is in use unlocks it, even before the drive is removed",
    about: "\
`drive_add` opens the image read-only and then read-write, and closes the first of the two descriptors. This \
is enough to drop the POSIX locks of the disk that the guest writes to. Only the lock on `consistent-read` \
remains, which the new drive took last.",
    safe: "\
Use OFD locks. Without them, do not use drive_add for an image that the same QEMU has open.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses)],
    body: drive_add,
};

fn drive_add(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    let line = "drive_add 0 if=none,file=disk.img,format=raw,file.locking=on";
    lab.tell("vm1", "A drive on the same image is added; nothing uses it", &Command::human(line))?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}

/// A `blockdev-add` that fails after the file was opened.
pub const FAILED_ADD: Drill = Drill {
    name: "failed-add",
    commands: "blockdev-add that fails",
    summary: "A blockdev-add that fails after it has opened the file unlocks an image that is in use",
    about: "\
The command opens the file first and then finds an error: in this drill a node name that is in use, in \
practice also a wrong format or a missing option. The error path closes the descriptor, and this drops the \
POSIX locks of the existing node. The only visible sign is an error message.",
    safe: "\
Use OFD locks. Without them, add the file node separately first: QEMU refuses a file node with wrong options \
before it opens the file.",
    players: ANY,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses)],
    body: failed_add,
};

fn failed_add(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    let file = json!({ "driver": "file", "filename": "disk.img", "locking": "on" });
    let add = Command::new("blockdev-add", Layer::raw("disk", "disk.img").format(file, false));
    lab.tell_in_vain("vm1", "A node is added whose name is taken already", &add)?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}

/// A `blockdev-add` that fails before the file is opened.
pub const FAILED_ADD_EARLY: Drill = Drill {
    name: "failed-add-early",
    commands: "blockdev-add that fails early",
    summary: "A blockdev-add of a file node with wrong options is refused before the open, and loses nothing",
    about: "\
QEMU checks a file node's own options before it opens the file: an unknown option, a name that is in use, \
force-share on a read-write node. It opens nothing, so it closes nothing.",
    safe: "No lock is lost.",
    players: ANY,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses)],
    body: failed_add_early,
};

fn failed_add_early(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    let mut file = Layer::raw("second", "disk.img").file(lab);
    file["force-share"] = true.into();
    file["read-only"] = false.into();
    let add = Command::new("blockdev-add", file);
    lab.tell_in_vain("vm1", "A read-write node with force-share is added", &add)?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}
