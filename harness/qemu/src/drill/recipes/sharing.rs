//! `force-share`, which takes the fewest permissions possible.

use serde_json::json;

use super::image::{SIZE, make_qcow2, make_raw};
use super::line::Line;
use super::player::{DAEMON, IMG, IO, SYSTEM, TRACE_REQUESTS, TRACE_THREADS, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use imglock_core::{Claim, Mode::ForceShare};
use imglock_engine::StepFailure;

const RAW: DrillPlace = on("disk.raw");
const QCOW2: DrillPlace = on("disk.qcow2");
const VIRTIO: &str = "-device virtio-blk-pci,drive=disk";

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(ForceShare, "raw + virtio-blk, force-share=on", SYSTEM, |lab| {
        nodes(lab, "raw", RAW)?.words(VIRTIO).start(lab).map(|()| RAW)
    }),
    Recipe::new(ForceShare, "qcow2 + virtio-blk, force-share=on", SYSTEM, |lab| {
        nodes(lab, "qcow2", QCOW2)?.words(VIRTIO).start(lab).map(|()| QCOW2)
    }),
    Recipe::new(ForceShare, "raw + NBD export, force-share=on", DAEMON, |lab| {
        nodes(lab, "raw", RAW)?.nbd(false).start(lab).map(|()| RAW)
    }),
    Recipe::new(ForceShare, "qcow2 that nothing uses, force-share=on", DAEMON, |lab| {
        nodes(lab, "qcow2", QCOW2)?.start(lab).map(|()| QCOW2)
    }),
    Recipe::new(ForceShare, "qemu-io -r -U, raw", IO, |lab| {
        make_raw(lab, "disk.raw")?;
        lab.start_console(RAW.actor, OPEN, &["-f", "raw", "-r", "-U", "disk.raw"])?;
        Ok(RAW)
    }),
    Recipe::new(ForceShare, "qemu-io -r -U, qcow2", IO, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        lab.start_console(QCOW2.actor, OPEN, &["-f", "qcow2", "-r", "-U", "disk.qcow2"])?;
        Ok(QCOW2)
    }),
    Recipe::new(ForceShare, "qemu-img map -U, qcow2", IMG, |lab| read(lab, "map")),
    Recipe::new(ForceShare, "qemu-img check -U, qcow2", IMG, |lab| read(lab, "check")),
    Recipe::new(ForceShare, "qemu-img dd -U, raw, its source", IMG, |lab| {
        lab.data_image("disk.raw", SIZE)?;
        let words = ["-T", TRACE_REQUESTS, "dd", "-U", "-f", "raw"];
        let ends = ["if=disk.raw", "of=out.raw", "bs=65536"];
        lab.hold_still("It begins to copy", RAW, ForceShare, &[&words[..], &ends].concat())?;
        Ok(RAW)
    }),
    Recipe::new(ForceShare, "qemu-img convert -U, raw, its source", IMG, |lab| {
        lab.data_image("disk.raw", SIZE)?;
        let words = ["-T", TRACE_REQUESTS, "convert", "-U", "-f", "raw", "-O", "raw"];
        let ends = ["disk.raw", "out.raw"];
        lab.hold_still("It begins to copy", RAW, ForceShare, &[&words[..], &ends].concat())?;
        Ok(RAW)
    }),
    Recipe::new(ForceShare, "qemu-img info -U, qcow2", IMG, |lab| read(lab, "info"))
        .but(Claim::NOTHING),
];

const OPEN: &str = "It opens the image, and waits at its prompt";

/// A file node that shares everything, and a format node above it.
fn nodes(lab: &mut Lab<'_>, format: &str, place: DrillPlace) -> Result<Line, StepFailure> {
    match format {
        "raw" => make_raw(lab, place.image)?,
        _ => make_qcow2(lab, place.image)?,
    }
    let file = json!({
        "driver": "file",
        "node-name": "file",
        "filename": place.image,
        "read-only": true,
        "force-share": true,
    });
    let disk = json!({ "driver": format, "node-name": "disk", "read-only": true, "file": "file" });
    Ok(Line::node(&file).and(&disk))
}

/// A command of `qemu-img` that reads the header.
fn read(lab: &mut Lab<'_>, command: &str) -> Result<DrillPlace, StepFailure> {
    make_qcow2(lab, "disk.qcow2")?;
    let words = ["-T", TRACE_THREADS, command, "-U", "-f", "qcow2", "disk.qcow2"];
    lab.hold_still("It begins to read the header", QCOW2, ForceShare, &words)?;
    Ok(QCOW2)
}
