//! Tools on raw images, and other users that open an image like them.

use serde_json::json;

use super::image::{SIZE, make_raw, raw_disk};
use super::line::Line;
use super::player::{IMG, IO, MONITORED, QEMU, SYSTEM, TRACE_REQUESTS, TRACE_THREADS, claim, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use crate::qemu::Command;
use imglock_core::Mode::{self, Cdrom, Create, Resize, ToolRo, ToolRw};
use imglock_engine::StepFailure;

const DISK: DrillPlace = on("disk.raw");

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(ToolRo, "raw, -drive if=none,read-only=on", SYSTEM, |lab| {
        drive(lab, ",read-only=on")?;
        Ok(DISK)
    }),
    Recipe::new(ToolRo, "qemu-io -r, raw", IO, |lab| console(lab, &["-f", "raw", "-r"])),
    Recipe::new(ToolRo, "qemu-img dd, raw, its source", IMG, |lab| {
        lab.data_image("disk.raw", SIZE)?;
        let words = ["-T", TRACE_REQUESTS, "dd", "-f", "raw"];
        let ends = ["if=disk.raw", "of=out.raw", "bs=65536"];
        lab.hold_still("It begins to copy", DISK, ToolRo, &[&words[..], &ends].concat())?;
        Ok(DISK)
    }),
    Recipe::new(ToolRw, "raw, -drive if=none, once it has written", SYSTEM, |lab| {
        drive(lab, "")?;
        let write = Command::human("qemu-io disk \"write 0 512\"");
        lab.tell(QEMU, "It writes for the first time", &write)?;
        Ok(DISK)
    }),
    Recipe::new(ToolRw, "qemu-io, raw", IO, |lab| console(lab, &["-f", "raw"])),
    Recipe::new(ToolRw, "qemu-img convert, raw, its target", IMG, |lab| {
        // Before it starts to copy, the target has other locks.
        convert(lab, on("out.raw"), ToolRw)
    }),
    Recipe::new(ToolRw, "raw, -drive if=none, before it writes", SYSTEM, |lab| {
        drive(lab, "")?;
        Ok(DISK)
    })
    .but(claim(0b0001, 0b0000)),
    Recipe::new(Cdrom, "qemu-img convert, raw, its source", IMG, |lab| convert(lab, DISK, Cdrom)),
    Recipe::new(Resize, "raw, -drive if=none, once it has truncated", SYSTEM, |lab| {
        drive(lab, "")?;
        let truncate = Command::human("qemu-io disk \"truncate 8M\"");
        lab.tell(QEMU, "It becomes longer", &truncate)?;
        Ok(DISK)
    }),
    Recipe::new(Resize, "qemu-io, raw, once it has truncated", IO, |lab| {
        console(lab, &["-f", "raw"])?;
        lab.type_in(QEMU, "It becomes longer; its locks stay", "truncate 8M")?;
        Ok(DISK)
    }),
    Recipe::new(Resize, "qemu-img resize, raw, shorter", IMG, |lab| {
        make_raw(lab, "disk.raw")?;
        let words = ["resize", "-f", "raw", "disk.raw", "1M"];
        lab.hold_still("It will not shrink an image without --shrink", DISK, Resize, &words)?;
        Ok(DISK)
    }),
    Recipe::new(Resize, "qemu-img resize, raw, longer", IMG, |lab| {
        make_raw(lab, "disk.raw")?;
        let words = ["-T", TRACE_THREADS, "resize", "-q", "-f", "raw", "disk.raw", "8M"];
        lab.hold_still("It begins to truncate", DISK, Resize, &words)?;
        Ok(DISK)
    }),
    Recipe::new(Resize, "raw that nothing uses, block_resize", MONITORED, |lab| {
        make_raw(lab, "disk.raw")?;
        let line = Line::node(&raw_disk()).words("--trace").words(TRACE_THREADS);
        line.start_sleepy(lab)?;
        let resize = json!({ "node-name": "disk", "size": 2 * SIZE });
        let resize = Command::new("block_resize", resize);
        lab.tell_and_hold_still("It begins to truncate", DISK, Resize, &resize)?;
        Ok(DISK)
    })
    .but(claim(0b1000, 0b0000)),
    Recipe::new(Create, "qemu-img create over a raw image", IMG, |lab| create(lab, "raw")),
    Recipe::new(Create, "qemu-img create -f qcow2 over a raw image", IMG, |lab| {
        create(lab, "qcow2")
    }),
    Recipe::new(Create, "blockdev-create over a raw image", MONITORED, |lab| {
        make_raw(lab, "disk.raw")?;
        Line::of("--trace").words(TRACE_THREADS).start_sleepy(lab)?;
        let options = json!({ "driver": "file", "filename": "disk.raw", "size": SIZE });
        let create = json!({ "job-id": "job", "options": options });
        let create = Command::new("blockdev-create", create);
        lab.tell_and_hold_still("It begins to truncate", DISK, Create, &create)?;
        Ok(DISK)
    }),
];

/// A drive without a device.
fn drive(lab: &mut Lab<'_>, options: &str) -> Result<(), StepFailure> {
    make_raw(lab, "disk.raw")?;
    Line::of(&format!("-drive if=none,id=disk,format=raw,file=disk.raw{options}")).start(lab)
}

/// `qemu-io` at its prompt.
fn console(lab: &mut Lab<'_>, options: &[&str]) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    let words = [options, &["disk.raw"]].concat();
    lab.start_console(QEMU, "It opens the image, and waits at its prompt", &words)?;
    Ok(DISK)
}

/// `qemu-img convert` at a byte a second: the first piece passes, and then it
/// waits for years.
fn convert(lab: &mut Lab<'_>, place: DrillPlace, mode: Mode) -> Result<DrillPlace, StepFailure> {
    lab.data_image("disk.raw", SIZE)?;
    make_raw(lab, "out.raw")?;
    let words = ["convert", "-n", "-r", "1", "-f", "raw", "-O", "raw", "disk.raw", "out.raw"];
    lab.start_tool(QEMU, "It copies a byte a second", &words)?;
    lab.await_mode("It has begun", place, mode)?;
    Ok(place)
}

fn create(lab: &mut Lab<'_>, format: &str) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    let words = ["-T", TRACE_THREADS, "create", "-q", "-f", format, "disk.raw", "4M"];
    lab.hold_still("It begins to truncate", DISK, Create, &words)?;
    Ok(DISK)
}
