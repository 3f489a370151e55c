//! Disks that are shared on purpose, and nodes that do not lock.

use serde_json::Value;

use super::SYSTEM;
use super::nodes::{
    Layer, USER, attach, machine, machine_with_disk, make_chain, open, plug_sharing,
};
use crate::drill::{Drill, DrillExpected, DrillProof, FileNode, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// `share-rw=on` on a raw image in two machines.
pub const SHARE_RW: Drill = Drill {
    name: "share-rw",
    commands: "device_add with share-rw=on, raw",
    summary: "Two machines with share-rw=on share a raw disk; a third one without it is refused",
    about: "\
A disk with share-rw=on takes `write` and shares it. So all openers that share `write` are compatible, as \
cluster file systems require. An opener that does not share it is refused, because it does not tolerate the \
existing writers.",
    safe: "\
Use share-rw=on in every machine that uses the disk, with a file system that supports several writers.",
    players: SYSTEM,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "a third machine that does not share",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix(
            "a third machine that shares, too",
            LockEffect::Open,
            LockEffect::Loses,
        )
        .ofd(LockEffect::Open),
    ],
    body: share_rw,
};

fn share_rw(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    for actor in ["vm1", "vm2"] {
        machine(lab, actor)?;
        open(lab, actor, &[Layer::raw("disk", "disk.img")])?;
        plug_sharing(lab, actor, USER, "disk")?;
    }
    let proof = |place, second| DrillProof {
        place,
        actor: "vm1",
        image: "disk.img",
        holds: Mode::ShareRw,
        second,
    };
    lab.prove_against(proof("a third machine that does not share", Mode::Rw))?;
    lab.prove_against(proof("a third machine that shares, too", Mode::ShareRw))
}

/// `share-rw=on` on a qcow2 image.
pub const SHARE_RW_QCOW2: Drill = Drill {
    name: "share-rw-qcow2",
    commands: "device_add with share-rw=on, qcow2",
    summary: "share-rw=on does not let two machines share a qcow2 image",
    about: "\
The device shares `write` with other users of the qcow2 node. But the qcow2 driver does not share `write` on \
the file: it caches metadata, and a second writer would corrupt it. Only the format driver's claim counts, \
so the second machine is refused when it opens the image, whatever its device shares.",
    safe: "\
Share only raw images, or let one QEMU export the qcow2 image over NBD and share the export.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::posix("disk.qcow2", LockEffect::Keeps, LockEffect::Loses)],
    body: share_rw_qcow2,
};

fn share_rw_qcow2(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let chain = [Layer::qcow2("disk", "disk.qcow2")];
    make_chain(lab, &chain)?;
    machine(lab, "vm1")?;
    open(lab, "vm1", &chain)?;
    plug_sharing(lab, "vm1", USER, "disk")?;
    let complete = lab.claim_of("vm1", "disk.qcow2")? == Mode::Qcow2Rw.claim();
    if second_is_refused(lab, chain[0])? != complete {
        let why = "the second machine's outcome does not match the locks of the first one";
        return Err(StepFailure::harness(why));
    }
    lab.prove_against(DrillProof {
        place: "disk.qcow2",
        actor: "vm1",
        image: "disk.qcow2",
        holds: Mode::Qcow2Rw,
        second: Mode::ShareRw,
    })
}

/// Whether another machine, which would also share its disk, is refused the
/// image. If not, it releases the image.
fn second_is_refused(lab: &mut Lab<'_>, disk: Layer<'_>) -> Result<bool, StepFailure> {
    machine(lab, "vm2")?;
    let file = disk.file(lab);
    let mut format = match lab.variant().node {
        FileNode::Inline => disk.format(file, false),
        _ => {
            lab.tell("vm2", "Another machine opens the file", &Command::new("blockdev-add", file))?;
            disk.format(format!("{}-file", disk.name).into(), false)
        }
    };
    format["backing"] = Value::Null;
    let add = Command::new("blockdev-add", format);
    let refused = lab.ask("vm2", "Another machine opens the format in it", &add)?.is_err();
    lab.kill("vm2", "The other machine is killed")?;
    Ok(refused)
}

/// `locking=off` on one side.
pub const LOCKING_OFF: Drill = Drill {
    name: "locking-off",
    commands: "blockdev-add with locking=off",
    summary: "A machine with locking=off is granted beside any other, and excludes no other",
    about: "\
`locking=off` on the file node takes no lock bytes and tests none. Such a machine does not notice the locks \
of others, and others do not notice it: after the first machine has exited, a third one is granted the image \
beside it.",
    safe: "\
Do not change `locking`. If a reader must not be refused, use force-share=on with a read-only node: it locks \
one byte, and others see it.",
    players: SYSTEM,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "disk.img, whose first user locks",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::always("disk.img, whose only user has locking=off", LockEffect::Open),
    ],
    body: locking_off,
};

fn locking_off(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    machine_with_disk(lab, "vm1", "disk.img")?;
    machine(lab, "vm2")?;
    let mut file = lab.file("disk", "disk.img");
    file["locking"] = "off".into();
    let add = Command::new("blockdev-add", file);
    lab.tell("vm2", "Another machine opens the same image with locking=off", &add)?;
    attach(lab, "vm2", "disk")?;
    lab.prove("disk.img, whose first user locks", "vm1", "disk.img", Mode::Rw)?;
    lab.kill("vm1", "The machine that locks is killed")?;
    lab.prove("disk.img, whose only user has locking=off", "vm2", "disk.img", Mode::None)
}
