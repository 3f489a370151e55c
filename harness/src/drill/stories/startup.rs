//! What is lost before anything is plugged.

use super::words;
use crate::drill::{Drill, Effect, Expected, Lab};
use crate::image::Mode;
use crate::qemu::{Program, Version};
use crate::subject::StepFailure;

/// A plain start with `-drive`.
pub const STARTUP: Drill = Drill {
    name: "startup",
    commands: "-drive if=virtio",
    summary: "A machine that is started with -drive holds no lock at all once it is up",
    about: "\
With -drive QEMU opens the image read-only first, and again read-write when the device is there: on a new \
descriptor, whose locks it takes before it closes the old one. Under POSIX that close drops them all. No \
hot-plug and no block job is needed; the machine comes up, has printed its warning, and anybody may write to \
its disk.",
    safe: "\
Use OFD locks. Where there are none, open the image with -blockdev and read-only=off,auto-read-only=off, so \
that it is opened once, read-write.",
    players: &[(Program::System, Version::new(7, 2))],
    expected: &[Expected::posix("disk.img", Effect::Loses, Effect::Loses)],
    body: startup,
};

fn startup(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let arguments =
        words(&["-machine", "q35", "-drive", "if=virtio,format=raw,file=disk.img,file.locking=on"]);
    lab.start("vm1", "A machine is started with -drive", &arguments)?;
    lab.prove("disk.img", "vm1", "disk.img", Mode::Rw)
}

/// A plain start with `-blockdev` and `-device`.
pub const STARTUP_BLOCKDEV: Drill = Drill {
    name: "startup-blockdev",
    commands: "-blockdev, -device",
    summary: "A machine that is started with -blockdev loses its locks only if the node is auto-read-only",
    about: "\
A node that is read-write for life is opened once, and its locks stay. One with auto-read-only=on, as libvirt \
writes it, is opened read-only and reopened read-write when the device comes: on a new descriptor, and closing \
the old one drops every POSIX lock.",
    safe: "\
Use OFD locks. Where there are none, open the image with read-only=off,auto-read-only=off.",
    players: &[(Program::System, Version::new(7, 2))],
    expected: &[Expected::posix("disk.img", Effect::Keeps, Effect::Loses)],
    body: startup_blockdev,
};

fn startup_blockdev(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    let node = lab.file("disk", "disk.img").to_string();
    let device = "virtio-blk-pci,drive=disk";
    let arguments = words(&["-machine", "q35", "-blockdev", &node, "-device", device]);
    lab.start("vm1", "A machine is started with -blockdev", &arguments)?;
    lab.prove("disk.img", "vm1", "disk.img", Mode::Rw)
}
