//! Block jobs, started so that none ends by itself.

use serde_json::{Value, json};

use super::image::{SIZE, image_node, make_overlay, make_qcow2, make_raw, overlay_node, raw_disk};
use super::line::Line;
use super::player::{DAEMON, FIRST, IMG, MONITORED, QEMU, TENTH_DAEMON, claim, on};
use crate::drill::{DrillPlace, DrillPlayer, Lab, Recipe};
use crate::qemu::{Command, QemuProgram, QemuVersion};
use imglock_core::Mode::{
    BackupTarget, Cdrom, CommitSource, MirrorTarget, Qcow2Mirror, RwFixed, StreamTop,
};
use imglock_engine::StepFailure;

/// The versions that hold nothing on a backup's source: 7.2 does not, 10.0
/// does. The versions between them were not measured.
const EARLY: &[DrillPlayer] = &[
    DrillPlayer::since(QemuProgram::System, FIRST).before(QemuVersion::new(8, 0)),
    DrillPlayer::since(QemuProgram::StorageDaemon, FIRST).before(QemuVersion::new(8, 0)),
];

pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new(Cdrom, "source of blockdev-backup, raw", TENTH_DAEMON, backup_source),
    Recipe::new(Cdrom, "source of blockdev-backup, raw (QEMU 7)", EARLY, backup_source)
        .but(claim(0b0000, 0b1010)),
    Recipe::new(RwFixed, "source of blockdev-backup, raw and exported", DAEMON, |lab| {
        make_raw(lab, "disk.raw")?;
        make_raw(lab, "target.raw")?;
        Line::node(&raw_disk()).and(&target()).vhost_user(true).start(lab)?;
        backup(lab)?;
        Ok(on("disk.raw"))
    }),
    Recipe::new(BackupTarget, "target of blockdev-backup, raw", MONITORED, |lab| {
        make_raw(lab, "target.raw")?;
        Line::node(&nothing()).and(&target()).start(lab)?;
        backup(lab)?;
        Ok(on("target.raw"))
    }),
    Recipe::new(BackupTarget, "base of an active commit, raw", MONITORED, |lab| {
        make_raw(lab, "base.raw")?;
        make_overlay(lab, "top.qcow2", "base.raw", "raw")?;
        Line::node(&raw_chain()).start(lab)?;
        let commit = json!({ "job-id": "job", "device": "disk", "base-node": "base" });
        job(lab, "block-commit", commit, "ready")?;
        Ok(on("base.raw"))
    }),
    Recipe::new(BackupTarget, "base of qemu-img commit, raw", IMG, |lab| {
        make_raw(lab, "base.raw")?;
        make_overlay(lab, "top.qcow2", "base.raw", "raw")?;
        let write = ["-f", "qcow2", "-c", "write 0 4M", "top.qcow2"];
        lab.run(QemuProgram::Io, "There is something to commit", &write)?;
        let words = ["commit", "-q", "-r", "1", "-f", "qcow2", "top.qcow2"];
        lab.start_tool(QEMU, "It commits a byte a second", &words)?;
        let place = on("base.raw");
        lab.await_mode("It has begun", place, BackupTarget)?;
        Ok(place)
    }),
    Recipe::new(MirrorTarget, "target of blockdev-mirror, raw", MONITORED, |lab| {
        make_raw(lab, "target.raw")?;
        Line::node(&nothing()).and(&target()).start(lab)?;
        job(lab, "blockdev-mirror", to_target(), "ready")?;
        Ok(on("target.raw"))
    }),
    Recipe::new(Qcow2Mirror, "target of blockdev-mirror, qcow2", MONITORED, |lab| {
        make_qcow2(lab, "target.qcow2")?;
        let target = image_node("qcow2", "target", "target.qcow2");
        Line::node(&nothing()).and(&target).start(lab)?;
        job(lab, "blockdev-mirror", to_target(), "ready")?;
        Ok(on("target.qcow2"))
    }),
    Recipe::new(CommitSource, "middle of a chain, block-commit into its base", MONITORED, |lab| {
        make_qcow2(lab, "base.qcow2")?;
        make_overlay(lab, "middle.qcow2", "base.qcow2", "qcow2")?;
        make_overlay(lab, "top.qcow2", "middle.qcow2", "qcow2")?;
        let base = image_node("qcow2", "base", "base.qcow2");
        let middle = overlay_node("middle", "middle.qcow2", base);
        Line::node(&overlay_node("disk", "top.qcow2", middle)).start(lab)?;
        let commit = json!({
            "job-id": "job",
            "device": "disk",
            "top-node": "middle",
            "base-node": "base",
            "auto-finalize": false,
        });
        job(lab, "block-commit", commit, "pending")?;
        Ok(on("middle.qcow2"))
    }),
    Recipe::new(StreamTop, "top of a chain, block-stream", MONITORED, |lab| {
        make_raw(lab, "base.raw")?;
        make_overlay(lab, "top.qcow2", "base.raw", "raw")?;
        Line::node(&raw_chain()).start(lab)?;
        let stream = json!({ "job-id": "job", "device": "disk", "auto-finalize": false });
        job(lab, "block-stream", stream, "pending")?;
        Ok(on("top.qcow2"))
    }),
];

fn backup_source(lab: &mut Lab<'_>) -> Result<DrillPlace, StepFailure> {
    make_raw(lab, "disk.raw")?;
    make_raw(lab, "target.raw")?;
    Line::node(&raw_disk()).and(&target()).start(lab)?;
    backup(lab)?;
    Ok(on("disk.raw"))
}

/// Copies data before it is overwritten: without a writer, the job waits for
/// ever.
fn backup(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    job(lab, "blockdev-backup", to_target(), "running")
}

/// Starts a job, and waits until it is in this state.
fn job(
    lab: &mut Lab<'_>,
    command: &'static str,
    arguments: Value,
    status: &str,
) -> Result<(), StepFailure> {
    lab.tell(QEMU, "A job is started", &Command::new(command, arguments))?;
    lab.await_job(QEMU, &format!("It is {status}, and remains in this state"), "job", status)
}

fn to_target() -> Value {
    json!({ "job-id": "job", "device": "disk", "target": "target", "sync": "none" })
}

fn target() -> Value {
    image_node("raw", "target", "target.raw")
}

/// The node `disk` without an image.
fn nothing() -> Value {
    json!({ "driver": "null-co", "node-name": "disk", "size": SIZE })
}

/// The node `disk` of `top.qcow2`, above that of `base.raw`.
fn raw_chain() -> Value {
    overlay_node("disk", "top.qcow2", image_node("raw", "base", "base.raw"))
}
