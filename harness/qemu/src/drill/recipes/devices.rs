//! Raw images under the devices of a machine.

use super::image::{make_raw, raw_disk, read_only};
use super::line::Line;
use super::player::{DAEMON, SYSTEM, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use imglock_core::{
    Access,
    Mode::{self, Cdrom, Ro, RoShareRw, Rw, RwFixed, ShareRw},
};
use imglock_engine::StepFailure;

const VIRTIO: &str = "-device virtio-blk-pci,drive=disk";
const SCSI: &str = "-device virtio-scsi-pci -device scsi-hd,drive=disk";
const USB: &str = "-device qemu-xhci -device usb-storage,drive=disk";
const IDE: &str = "-device ide-hd,drive=disk";

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(Ro, "raw + virtio-blk, read-only", SYSTEM, |lab| look(lab, VIRTIO)),
    Recipe::new(Ro, "raw + scsi-hd, read-only", SYSTEM, |lab| look(lab, SCSI)),
    Recipe::new(Ro, "raw + usb-storage, read-only", SYSTEM, |lab| look(lab, USB)),
    Recipe::new(Ro, "raw + a blkdebug node with this claim", DAEMON, |lab| claimed(lab, Ro)),
    Recipe::new(Rw, "raw + virtio-blk", SYSTEM, |lab| use_it(lab, VIRTIO)),
    Recipe::new(Rw, "raw + scsi-hd", SYSTEM, |lab| use_it(lab, SCSI)),
    Recipe::new(Rw, "raw + usb-storage", SYSTEM, |lab| use_it(lab, USB)),
    Recipe::new(Rw, "raw + ide-hd", SYSTEM, |lab| use_it(lab, IDE)),
    Recipe::new(Rw, "raw + a blkdebug node with this claim", DAEMON, |lab| claimed(lab, Rw)),
    Recipe::new(RoShareRw, "raw + virtio-blk, share-rw=on, read-only", SYSTEM, |lab| {
        look(lab, &shared(VIRTIO))
    }),
    Recipe::new(RoShareRw, "raw + scsi-hd, share-rw=on, read-only", SYSTEM, |lab| {
        look(lab, &shared(SCSI))
    }),
    Recipe::new(RoShareRw, "raw + usb-storage, share-rw=on, read-only", SYSTEM, |lab| {
        look(lab, &shared(USB))
    }),
    Recipe::new(ShareRw, "raw + virtio-blk, share-rw=on", SYSTEM, |lab| {
        use_it(lab, &shared(VIRTIO))
    }),
    Recipe::new(ShareRw, "raw + scsi-hd, share-rw=on", SYSTEM, |lab| use_it(lab, &shared(SCSI))),
    Recipe::new(ShareRw, "raw + usb-storage, share-rw=on", SYSTEM, |lab| use_it(lab, &shared(USB))),
    Recipe::new(ShareRw, "raw + ide-hd, share-rw=on", SYSTEM, |lab| use_it(lab, &shared(IDE))),
    Recipe::new(Cdrom, "raw + ide-cd", SYSTEM, |lab| look(lab, "-device ide-cd,drive=disk")),
    Recipe::new(Cdrom, "raw + scsi-cd", SYSTEM, |lab| {
        look(lab, "-device virtio-scsi-pci -device scsi-cd,drive=disk")
    }),
    Recipe::new(Cdrom, "raw, -drive if=virtio,snapshot=on", SYSTEM, |lab| {
        make_raw(lab, "disk.raw")?;
        Line::of("-drive if=virtio,format=raw,file=disk.raw,snapshot=on").start(lab)?;
        Ok(on("disk.raw"))
    }),
    Recipe::new(RwFixed, "raw + nvme", SYSTEM, |lab| {
        use_it(lab, "-device nvme,serial=1,drive=disk")
    }),
    Recipe::new(RwFixed, "raw + floppy", SYSTEM, |lab| {
        use_it(lab, "-device isa-fdc -device floppy,drive=disk")
    }),
];

fn look(lab: &mut Lab<'_>, devices: &str) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    Line::node(&read_only(raw_disk())).words(devices).start(lab)?;
    Ok(on("disk.raw"))
}

fn use_it(lab: &mut Lab<'_>, devices: &str) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    Line::node(&raw_disk()).words(devices).start(lab)?;
    Ok(on("disk.raw"))
}

/// A daemon has no devices, so only an explicit claim leads to this mode.
fn claimed(lab: &mut Lab<'_>, mode: Mode) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    let is_read_only = Access::needed_by(mode.claim()) == Access::ReadOnly;
    let node = if is_read_only { read_only(raw_disk()) } else { raw_disk() };
    Line::node(&node).claim("disk", mode.claim(), is_read_only).start(lab)?;
    Ok(on("disk.raw"))
}

fn shared(devices: &str) -> String {
    format!("{devices},share-rw=on")
}
