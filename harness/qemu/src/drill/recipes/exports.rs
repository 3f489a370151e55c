//! Raw images that are exported.

use serde_json::json;

use super::image::{make_raw, raw_disk, read_only};
use super::line::Line;
use super::player::{DAEMON, MONITORED, QEMU, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use crate::qemu::Command;
use imglock_core::Mode::{NbdRo, NbdRw, ToolRo, ToolRw};
use imglock_engine::StepFailure;

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(NbdRo, "raw, --export type=nbd", DAEMON, |lab| {
        disk(lab, false)?.nbd(false).start(lab).map(|()| on("disk.raw"))
    }),
    Recipe::new(NbdRo, "raw, block-export-add type=nbd", MONITORED, |lab| export(lab, false)),
    Recipe::new(NbdRw, "raw, --export type=nbd,writable=on", DAEMON, |lab| {
        disk(lab, true)?.nbd(true).start(lab).map(|()| on("disk.raw"))
    }),
    Recipe::new(NbdRw, "raw, block-export-add type=nbd, writable", MONITORED, |lab| {
        export(lab, true)
    }),
    Recipe::new(ToolRo, "raw, --export type=vhost-user-blk", DAEMON, |lab| {
        disk(lab, false)?.vhost_user(false).start(lab).map(|()| on("disk.raw"))
    }),
    Recipe::new(ToolRw, "raw, --export type=vhost-user-blk,writable=on", DAEMON, |lab| {
        disk(lab, true)?.vhost_user(true).start(lab).map(|()| on("disk.raw"))
    }),
];

fn disk(lab: &mut Lab<'_>, writable: bool) -> Result<Line, StepFailure> {
    make_raw(lab, "disk.raw")?;
    Ok(Line::node(&if writable { raw_disk() } else { read_only(raw_disk()) }))
}

fn export(lab: &mut Lab<'_>, writable: bool) -> Result<DrillPlace, StepFailure> {
    disk(lab, writable)?.start(lab)?;
    let address = json!({ "type": "unix", "data": { "path": "nbd.sock" } });
    let serve = Command::new("nbd-server-start", json!({ "addr": address }));
    lab.tell(QEMU, "It begins to serve", &serve)?;
    let export = json!({
        "type": "nbd",
        "id": "export",
        "node-name": "disk",
        "writable": writable,
    });
    lab.tell(QEMU, "It exports the image", &Command::new("block-export-add", export))?;
    Ok(on("disk.raw"))
}
