//! Locks that are lost before any device is hot-plugged.

use super::nodes::Layer;
use super::{SYSTEM, words};
use crate::drill::{Drill, DrillExpected, FileNode, Lab, LockEffect};
use crate::qemu::MACHINE;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// A plain start with `-drive`.
pub const STARTUP: Drill = Drill {
    name: "startup",
    commands: "-drive if=virtio",
    summary: "A machine that is started with -drive holds no lock after its start",
    about: "\
With -drive, QEMU opens the image read-only first, and again read-write when the device exists: on a new \
descriptor, whose locks it takes before it closes the old one. Under POSIX this close drops them all, \
without any hot-plug or block job. The machine starts, has printed its warning, and other processes can \
write to its disk.",
    safe: "\
Use OFD locks. Without them, open the image with -blockdev and read-only=off,auto-read-only=off, so that it \
is opened once, read-write.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Loses, LockEffect::Loses)],
    body: startup,
};

fn startup(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let arguments = words(&[
        "-machine",
        MACHINE,
        "-drive",
        "if=virtio,format=raw,file=disk.img,file.locking=on",
    ]);
    lab.start("vm1", "A machine is started with -drive", &arguments)?;
    lab.prove("disk.img", "vm1", "disk.img", Mode::Rw)
}

/// A start with `-drive` that stays read-write.
pub const STARTUP_DRIVE: Drill = Drill {
    name: "startup-drive",
    commands: "-drive with auto-read-only=off",
    summary: "A machine that is started with -drive and auto-read-only=off keeps its locks",
    about: "\
Without auto-read-only, QEMU opens the drive read-write at once. There is no second descriptor, and nothing \
is closed.",
    safe: "This is the safe way to use -drive.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::always("disk.img", LockEffect::Keeps)],
    body: startup_drive,
};

fn startup_drive(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let drive = "if=virtio,format=raw,file=disk.img,file.locking=on,auto-read-only=off";
    let arguments = words(&["-machine", MACHINE, "-drive", drive]);
    lab.start("vm1", "A machine is started with -drive", &arguments)?;
    lab.prove("disk.img", "vm1", "disk.img", Mode::Rw)
}

/// A plain start with `-blockdev` and `-device`.
pub const STARTUP_BLOCKDEV: Drill = Drill {
    name: "startup-blockdev",
    commands: "-blockdev, -device",
    summary: "A machine that is started with -blockdev loses its locks only if the node is auto-read-only",
    about: "\
A node that stays read-write is opened once, and its locks remain. A node with auto-read-only=on, as libvirt \
writes it, is opened read-only and reopened read-write for the device: on a new descriptor. Closing the old \
one drops every POSIX lock.",
    safe: "\
Use OFD locks. Without them, open the image with read-only=off,auto-read-only=off.",
    players: SYSTEM,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses)],
    body: startup_blockdev,
};

fn startup_blockdev(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let disk = Layer::raw("disk", "disk.img");
    let file = disk.file(lab);
    let mut arguments = words(&["-machine", MACHINE]);
    let format = match lab.variant().node {
        FileNode::Inline => disk.format(file, false),
        _ => {
            arguments.extend(["-blockdev".to_owned(), file.to_string()]);
            disk.format(file["node-name"].clone(), false)
        }
    };
    arguments.extend(["-blockdev".to_owned(), format.to_string()]);
    arguments.extend(words(&["-device", "virtio-blk-pci,drive=disk"]));
    lab.start("vm1", "A machine is started with -blockdev", &arguments)?;
    lab.prove("disk.img", "vm1", "disk.img", Mode::Rw)
}
