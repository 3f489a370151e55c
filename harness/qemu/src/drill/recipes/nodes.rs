//! Nodes without a user, and inactive nodes.

use serde_json::{Value, json};

use super::image::{make_qcow2, make_raw, qcow2_disk, raw_disk, read_only};
use super::line::Line;
use super::player::{MONITORED, SYSTEM, TENTH_DAEMON, claim, on};
use crate::drill::{DrillPlace, Lab, Recipe};
use imglock_core::Mode::{Inactive, None};
use imglock_engine::StepFailure;

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(None, "raw node that nothing uses, read-write", MONITORED, |lab| {
        alone(lab, &raw_disk())
    }),
    Recipe::new(None, "raw node that nothing uses, read-only", MONITORED, |lab| {
        alone(lab, &read_only(raw_disk()))
    }),
    Recipe::new(Inactive, "raw + virtio-blk, under -incoming", SYSTEM, |lab| {
        make_raw(lab, "disk.raw")?;
        incoming(lab, &raw_disk())?;
        Ok(on("disk.raw"))
    }),
    Recipe::new(Inactive, "qcow2 + virtio-blk, under -incoming", SYSTEM, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        incoming(lab, &qcow2_disk())?;
        Ok(on("disk.qcow2"))
    }),
    Recipe::new(Inactive, "raw, active=off on format and file node", TENTH_DAEMON, |lab| {
        make_raw(lab, "disk.raw")?;
        Line::node(&inactive(raw_disk(), true)).start(lab)?;
        Ok(on("disk.raw"))
    }),
    Recipe::new(Inactive, "qcow2, active=off on format and file node", TENTH_DAEMON, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        Line::node(&inactive(qcow2_disk(), true)).start(lab)?;
        Ok(on("disk.qcow2"))
    }),
    Recipe::new(Inactive, "qcow2, active=off on the format node alone", TENTH_DAEMON, |lab| {
        make_qcow2(lab, "disk.qcow2")?;
        Line::node(&inactive(qcow2_disk(), false)).start(lab)?;
        Ok(on("disk.qcow2"))
    })
    .but(claim(0b0001, 0b0000)),
];

fn alone(lab: &mut Lab<'_>, node: &Value) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    Line::node(node).start(lab)?;
    Ok(on("disk.raw"))
}

fn incoming(lab: &mut Lab<'_>, node: &Value) -> Result<(), StepFailure> {
    Line::node(node).words("-device virtio-blk-pci,drive=disk -incoming defer").start(lab)
}

/// The same node, inactive; with `file`, its file node is inactive as well.
fn inactive(mut node: Value, file: bool) -> Value {
    node["active"] = false.into();
    if file {
        node["file"]["active"] = json!(false);
    }
    node
}
