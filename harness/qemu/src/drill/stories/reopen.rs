//! Nodes that are reopened with other options.

use serde_json::{Value, json};

use super::ANY;
use super::nodes::{Layer, machine, machine_with_disk, make_chain, open};
use crate::drill::{Drill, DrillExpected, FileNode, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

const DISK: Layer<'_> = Layer::raw("disk", "disk.img");
const QCOW2: Layer<'_> = Layer::qcow2("disk", "disk.qcow2");

/// `blockdev-reopen` of a file node with another cache mode.
pub const REOPEN: Drill = Drill {
    name: "reopen",
    commands: "blockdev-reopen with cache.direct",
    summary: "Switching cache.direct by blockdev-reopen unlocks the image that the guest writes to",
    about: "\
O_DIRECT needs a new descriptor. QEMU locks the node's bytes on it and closes the old descriptor. With POSIX \
locks, this close drops the new locks. QEMU still records them as held and never takes them again.",
    safe: "\
Use OFD locks. Without them, choose the cache mode before the guest starts.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img before", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("disk.img with cache.direct", LockEffect::Loses, LockEffect::Loses),
        DrillExpected::posix("disk.img without it again", LockEffect::Loses, LockEffect::Loses),
    ],
    body: reopen,
};

fn reopen(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    lab.prove("disk.img before", "vm1", "disk.img", mode)?;
    for (direct, place) in
        [(true, "disk.img with cache.direct"), (false, "disk.img without it again")]
    {
        let mut file = DISK.file(lab);
        file["cache"] = json!({ "direct": direct });
        reopen_nodes(lab, &format!("Its file is reopened, cache.direct={direct}"), &[file])?;
        lab.prove(place, "vm1", "disk.img", mode)?;
    }
    Ok(())
}

/// `blockdev-reopen` of a format node with another cache mode.
pub const REOPEN_FORMAT: Drill = Drill {
    name: "reopen-format",
    commands: "blockdev-reopen of the format node",
    summary: "Reopening the format node loses locks only if the file node is inline",
    about: "\
An inline file node inherits the options of its format node, and is reopened with it on a new descriptor. A \
separate file node is not reopened.",
    safe: "\
Use OFD locks. Without them, give each file its own node with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses)
        .inline(LockEffect::Loses)],
    body: reopen_format,
};

fn reopen_format(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let mode = machine_with_disk(lab, "vm1", "disk.img")?;
    let mut format = DISK.format("disk-file".into(), false);
    format["cache"] = json!({ "direct": true });
    reopen_nodes(lab, "Its format node is reopened, cache.direct=true", &[format])?;
    lab.prove("disk.img", "vm1", "disk.img", mode)
}

/// `blockdev-reopen` read-only and read-write again.
pub const REOPEN_READ_ONLY: Drill = Drill {
    name: "reopen-read-only",
    commands: "blockdev-reopen read-only, and back",
    summary: "Reopening an image read-only and then read-write leaves it without a lock",
    about: "\
The access mode of a descriptor cannot be changed, so QEMU opens a new descriptor each time and closes the \
old one. The close drops the locks of the new descriptor. Only permissions that are requested afterwards are \
locked again.",
    safe: "\
Use OFD locks. Without them, reopen only the format node, above a separate file node that stays read-write.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.qcow2 read-only", LockEffect::Loses, LockEffect::Loses),
        DrillExpected::posix("disk.qcow2 read-write again", LockEffect::Loses, LockEffect::Loses),
    ],
    body: reopen_read_only,
};

fn reopen_read_only(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    make_chain(lab, &[QCOW2])?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &[QCOW2])?;
    let steps = [
        (true, "disk.qcow2 read-only", Mode::Qcow2Ro),
        (false, "disk.qcow2 read-write again", Mode::Qcow2Rw),
    ];
    for (read_only, place, mode) in steps {
        let mut format = QCOW2.format("disk-file".into(), read_only);
        format["backing"] = Value::Null;
        let mut nodes = vec![format];
        if lab.variant().node != FileNode::Inline {
            let mut file = QCOW2.file(lab);
            file["read-only"] = read_only.into();
            nodes.insert(0, file);
        }
        reopen_nodes(lab, &format!("It is reopened, read-only={read_only}"), &nodes)?;
        lab.prove(place, "vm1", "disk.qcow2", mode)?;
    }
    Ok(())
}

fn reopen_nodes(lab: &mut Lab<'_>, title: &str, nodes: &[Value]) -> Result<(), StepFailure> {
    let reopen = Command::new("blockdev-reopen", json!({ "options": nodes }));
    lab.tell("vm1", title, &reopen).map(|_| ())
}
