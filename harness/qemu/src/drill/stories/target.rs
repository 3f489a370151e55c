//! Jobs that write into a second image.

use serde_json::json;

use super::ANY;
use super::job::{complete, gone};
use super::nodes::{Layer, machine_with_disk, open};
use crate::drill::{Drill, DrillExpected, DrillProof, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// `blockdev-mirror` with a switch of the guest to the target.
pub const MIRROR: Drill = Drill {
    name: "mirror",
    commands: "blockdev-mirror, job-complete",
    summary: "A mirror's target never keeps its locks, and has none as the guest's new disk",
    about: "\
The target is opened read-only and reopened on a new descriptor when the job begins to write. Closing the \
old one drops the POSIX locks that were just taken. After the switch, QEMU transfers the guest's claim \
without locking bytes that it records as held. The guest continues to write to an image that other processes \
can acquire.",
    safe: "\
Use OFD locks. Without them, add the target's file node with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("target.img while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("target.img as the new disk", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: mirror,
};

fn mirror(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let mode = mirrored(lab)?;
    // A device does not share `resize` while a job copies it.
    let copied = if mode == Mode::Rw { Mode::RwFixed } else { mode };
    lab.prove("disk.img while the job runs", "vm1", "disk.img", copied)?;
    lab.prove("target.img while the job runs", "vm1", "target.img", Mode::MirrorTarget)?;
    complete(lab)?;
    lab.prove_settled("target.img as the new disk", "vm1", "target.img", mode)
}

/// `blockdev-mirror` without a switch.
pub const MIRROR_CANCELLED: Drill = Drill {
    name: "mirror-cancelled",
    commands: "blockdev-mirror, job-cancel",
    summary: "A cancelled mirror does not change the disk's locks",
    about: "\
The end of the job does not change the disk's locks, because it does not reopen the file. Locks that an \
auto-read-only node lost at the start stay lost.",
    safe: "\
Use OFD locks. Without them, add file nodes with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses)],
    body: mirror_cancelled,
};

fn mirror_cancelled(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let mode = mirrored(lab)?;
    cancel(lab)?;
    lab.prove_settled("disk.img", "vm1", "disk.img", mode)
}

/// `drive-mirror`, which opens the target itself.
pub const DRIVE_MIRROR: Drill = Drill {
    name: "drive-mirror",
    commands: "drive-mirror",
    summary: "drive-mirror opens its target with locking=auto: without OFD locks it is not locked at all",
    about: "\
The command takes a file name, not a node, so locking=on cannot be set for the target. With locking=auto, \
QEMU locks with OFD or not at all, without a message. After the switch, the guest's disk has no lock.",
    safe: "\
Use OFD locks, or add the target as a separate node with locking=on and use blockdev-mirror.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("target.img while the job runs", LockEffect::Loses, LockEffect::Loses),
        DrillExpected::posix("target.img as the new disk", LockEffect::Loses, LockEffect::Loses),
    ],
    body: drive_mirror,
};

fn drive_mirror(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let mode = disk_and_target(lab)?;
    let arguments = json!({
        "job-id": "job", "device": "disk", "target": "target.img", "sync": "full",
        "format": "raw", "mode": "existing",
    });
    let mirror = Command::new("drive-mirror", arguments);
    lab.tell("vm1", "The disk is mirrored into a file", &mirror)?;
    lab.await_job("vm1", "All is copied; writes go to both", "job", "ready")?;
    lab.prove("target.img while the job runs", "vm1", "target.img", Mode::MirrorTarget)?;
    complete(lab)?;
    lab.prove_settled("target.img as the new disk", "vm1", "target.img", mode)
}

/// `blockdev-backup` into a raw image.
pub const BACKUP: Drill = Drill {
    name: "backup",
    commands: "blockdev-backup",
    summary: "A backup's raw target excludes openers that do not share `write`; with auto-read-only, none",
    about: "\
The job holds `write` on its target and shares it: even with OFD locks, a tool that shares `write` is \
granted the target and may damage the backup. In the POSIX fallback, an auto-read-only target is reopened \
when the job begins, and has no locks while it is written. Before and after the job a raw target is not \
locked, by design.",
    safe: "\
Back up into qcow2: the format driver does not share `write`. Without OFD locks, add the target's file node \
with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::always("target.img before the job", LockEffect::Open),
        DrillExpected::posix("target.img while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix(SHARING, LockEffect::Open, LockEffect::Loses).ofd(LockEffect::Open),
        DrillExpected::posix("disk.img", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: backup,
};

const SHARING: &str = "target.img while the job runs, for an opener that shares write";

fn backup(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let mode = disk_and_target(lab)?;
    open(lab, "vm1", &[Layer::raw("target", "target.img")])?;
    lab.prove("target.img before the job", "vm1", "target.img", Mode::None)?;
    // It copies overwritten data, so it runs until it is cancelled.
    begin(lab, "blockdev-backup", "none")?;
    lab.await_job("vm1", "The job runs", "job", "running")?;
    let target = |place, second| DrillProof {
        place,
        actor: "vm1",
        image: "target.img",
        holds: Mode::BackupTarget,
        second,
    };
    lab.prove_against(target("target.img while the job runs", Mode::Rw))?;
    lab.prove_against(target(SHARING, Mode::ShareRw))?;
    cancel(lab)?;
    lab.prove_settled("disk.img", "vm1", "disk.img", mode)
}

fn disk_and_target(lab: &mut Lab<'_>) -> Result<Mode, StepFailure> {
    lab.raw_image("disk.img", 1 << 20)?;
    lab.raw_image("target.img", 1 << 20)?;
    machine_with_disk(lab, "vm1", "disk.img")
}

/// A machine whose disk is mirrored into the target.
fn mirrored(lab: &mut Lab<'_>) -> Result<Mode, StepFailure> {
    let mode = disk_and_target(lab)?;
    open(lab, "vm1", &[Layer::raw("target", "target.img")])?;
    begin(lab, "blockdev-mirror", "full")?;
    lab.await_job("vm1", "All is copied; writes go to both", "job", "ready")?;
    Ok(mode)
}

fn begin(lab: &mut Lab<'_>, job: &'static str, sync: &str) -> Result<(), StepFailure> {
    let arguments = json!({ "job-id": "job", "device": "disk", "target": "target", "sync": sync });
    lab.tell("vm1", "The job is started", &Command::new(job, arguments)).map(|_| ())
}

fn cancel(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let cancel = Command::new("job-cancel", json!({ "id": "job" }));
    lab.tell("vm1", "The job is cancelled", &cancel)?;
    gone(lab)
}
