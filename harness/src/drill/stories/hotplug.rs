//! Nodes and devices that come and go beside one that stays.

use serde_json::json;

use crate::drill::{Drill, Effect, Expected, Lab};
use crate::qemu::{Command, Program, Version};
use crate::subject::StepFailure;

/// `blockdev-add` and `blockdev-del` of an image that is in use already.
pub const HOTPLUG: Drill = Drill {
    name: "hotplug",
    commands: "blockdev-add, blockdev-del",
    summary: "Adding a second node of an image that is in use, and removing it again, unlocks the image",
    about: "\
A POSIX record lock belongs to the process, and closing any descriptor of the file drops it. The \
second node has a descriptor of its own, which blockdev-del closes; the first node goes on writing \
and holds nothing any more.",
    safe: "\
Use a file system and a kernel with OFD locks (`imglock probe DIR` tells). Where there are none, \
never let one QEMU open an image twice: share the node, or stop the guest first.",
    players: &[(Program::System, Version::new(7, 2)), (Program::StorageDaemon, Version::new(7, 2))],
    expected: &[
        Expected::posix("disk.img before", Effect::Keeps, Effect::Loses),
        Expected::posix("disk.img", Effect::Loses, Effect::Loses),
    ],
    body: hotplug,
};

fn hotplug(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let claim = super::machine_with_disk(lab, "vm1", "disk.img")?;
    lab.prove("disk.img before", "vm1", "disk.img", claim)?;
    let add = Command::new("blockdev-add", lab.file("second", "disk.img"));
    lab.tell("vm1", "A second node of the same image is added; nothing uses it", &add)?;
    let delete = Command::new("blockdev-del", json!({ "node-name": "second" }));
    lab.tell("vm1", "It is removed again, which closes its descriptor", &delete)?;
    lab.prove("disk.img", "vm1", "disk.img", claim)
}
