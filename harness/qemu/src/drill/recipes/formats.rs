//! qcow2, which needs more permissions, and the images below it.

use super::image::{image_node, make_overlay, make_qcow2, make_raw, overlay_node};
use super::image::{qcow2_disk, read_only};
use super::line::Line;
use super::player::{DAEMON, IMG, IO, MONITORED, QEMU, SYSTEM, TRACE_THREADS, claim, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use imglock_core::{
    Claim,
    Mode::{self, Backing, Qcow2Info, Qcow2Ro, Qcow2Rw, Rw},
};
use imglock_engine::StepFailure;

const QCOW2: DrillPlace = on("disk.qcow2");
const BASE: DrillPlace = on("base.raw");
const VIRTIO: &str = "-device virtio-blk-pci,drive=disk";
const SHARED: &str = "-device virtio-blk-pci,drive=disk,share-rw=on";

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(Qcow2Ro, "qcow2 that nothing uses, read-only", MONITORED, |lab| {
        disk(lab, false)?.start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Ro, "qcow2 + virtio-blk, read-only", SYSTEM, |lab| {
        disk(lab, false)?.words(VIRTIO).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Ro, "qcow2 + virtio-blk, share-rw=on, read-only", SYSTEM, |lab| {
        disk(lab, false)?.words(SHARED).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Ro, "qcow2 + NBD export", DAEMON, |lab| {
        disk(lab, false)?.nbd(false).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Ro, "qcow2 backing file of a qcow2", MONITORED, |lab| {
        make_qcow2(lab, "base.qcow2")?;
        make_overlay(lab, "top.qcow2", "base.qcow2", "qcow2")?;
        let base = image_node("qcow2", "base", "base.qcow2");
        Line::node(&overlay_node("disk", "top.qcow2", base)).start(lab)?;
        Ok(on("base.qcow2"))
    }),
    Recipe::new(Qcow2Ro, "qemu-io -r, qcow2", IO, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        lab.start_console(QEMU, OPEN, &["-f", "qcow2", "-r", "disk.qcow2"])?;
        Ok(QCOW2)
    }),
    Recipe::new(Qcow2Ro, "qemu-img check, qcow2", IMG, |lab| read(lab, "check", Qcow2Ro)),
    Recipe::new(Qcow2Info, "qemu-img info, qcow2", IMG, |lab| read(lab, "info", Qcow2Info)),
    Recipe::new(Qcow2Rw, "qcow2 that nothing uses", MONITORED, |lab| {
        disk(lab, true)?.start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Rw, "qcow2 + virtio-blk", SYSTEM, |lab| {
        disk(lab, true)?.words(VIRTIO).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Rw, "qcow2 + virtio-blk, share-rw=on", SYSTEM, |lab| {
        disk(lab, true)?.words(SHARED).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Rw, "qcow2 + NBD export, writable", DAEMON, |lab| {
        disk(lab, true)?.nbd(true).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(Qcow2Rw, "qemu-io, qcow2", IO, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        lab.start_console(QEMU, OPEN, &["-f", "qcow2", "disk.qcow2"])?;
        Ok(QCOW2)
    }),
    Recipe::new(Qcow2Rw, "qemu-img resize, qcow2", IMG, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        let words = ["resize", "-f", "qcow2", "disk.qcow2", "1M"];
        lab.hold_still("It will not shrink an image without --shrink", QCOW2, Qcow2Rw, &words)?;
        Ok(QCOW2)
    }),
    Recipe::new(Backing, "raw below a qcow2 + virtio-blk", SYSTEM, |lab| {
        chain(lab)?.words(VIRTIO).start(lab).map(|()| BASE)
    }),
    Recipe::new(Backing, "raw below a qcow2, -drive if=virtio", SYSTEM, |lab| {
        make_chain(lab)?;
        Line::of("-drive if=virtio,format=qcow2,file=top.qcow2").start(lab).map(|()| BASE)
    }),
    Recipe::new(Backing, "raw below a qcow2 + blkdebug as a disk", DAEMON, |lab| {
        chain(lab)?.claim("disk", Mode::claim(Rw), false).start(lab).map(|()| BASE)
    }),
    Recipe::new(Backing, "raw below a qcow2 that nothing uses", MONITORED, |lab| {
        chain(lab)?.start(lab).map(|()| BASE)
    })
    .but(Claim::NOTHING),
    Recipe::new(Backing, "raw below a qcow2 + virtio-blk, share-rw=on", SYSTEM, |lab| {
        chain(lab)?.words(SHARED).start(lab).map(|()| BASE)
    })
    .but(claim(0b0001, 0b0000)),
    Recipe::new(Backing, "raw below a qcow2 + NBD export, writable", DAEMON, |lab| {
        chain(lab)?.nbd(true).start(lab).map(|()| BASE)
    })
    .but(claim(0b0001, 0b0000)),
    Recipe::new(Backing, "raw below a qcow2 in qemu-io", IO, |lab| {
        make_chain(lab)?;
        lab.start_console(QEMU, OPEN, &["-f", "qcow2", "top.qcow2"])?;
        Ok(BASE)
    })
    .but(claim(0b0001, 0b0000)),
];

const OPEN: &str = "It opens the image, and waits at its prompt";

fn disk(lab: &mut Lab<'_>, writable: bool) -> Result<Line, StepFailure> {
    make_qcow2(lab, "disk.qcow2")?;
    Ok(Line::node(&if writable { qcow2_disk() } else { read_only(qcow2_disk()) }))
}

/// A command of `qemu-img` that reads the header.
fn read(lab: &mut Lab<'_>, command: &str, mode: Mode) -> Result<DrillPlace, StepFailure> {
    make_qcow2(lab, "disk.qcow2")?;
    let words = ["-T", TRACE_THREADS, command, "-f", "qcow2", "disk.qcow2"];
    lab.hold_still("It begins to read the header", QCOW2, mode, &words)?;
    Ok(QCOW2)
}

fn make_chain(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    make_raw(lab, "base.raw")?;
    make_overlay(lab, "top.qcow2", "base.raw", "raw")
}

/// The node `disk` of `top.qcow2`, above that of `base.raw`.
fn chain(lab: &mut Lab<'_>) -> Result<Line, StepFailure> {
    make_chain(lab)?;
    let base = image_node("raw", "base", "base.raw");
    Ok(Line::node(&overlay_node("disk", "top.qcow2", base)))
}
