//! Block jobs that change a chain of images.

use serde_json::{Value, json};

use super::ANY;
use super::nodes::{Layer, attach, machine, make_chain, open};
use crate::drill::{Drill, DrillExpected, DrillProof, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

const BASE: Layer<'_> = Layer::qcow2("base", "base.qcow2");
const MIDDLE: Layer<'_> = Layer::qcow2("middle", "middle.qcow2");
const TOP: Layer<'_> = Layer::qcow2("top", "top.qcow2");
const RAW_BASE: Layer<'_> = Layer::raw("base", "base.img");

/// `block-commit` of an intermediate image.
pub const COMMIT: Drill = Drill {
    name: "commit",
    commands: "block-commit into the base",
    summary: "Committing a snapshot into its base loses the base's locks until the guest ends",
    about: "\
The job needs the base read-write, so QEMU reopens its file on a new descriptor, and reopens it read-only at \
the end. Each time it closes the old descriptor, which drops every POSIX lock on the base. QEMU still \
records these locks as held and never takes them again.",
    safe: "\
Use OFD locks. Without them, give each file its own node with read-only=off,auto-read-only=off: QEMU opens \
such a node once, and only changes the format node above it.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("base.qcow2 while the job runs", LockEffect::Keeps, LockEffect::Loses)
            .inline(LockEffect::Loses),
        DrillExpected::always("middle.qcow2 while the job runs", LockEffect::Keeps),
        DrillExpected::posix("base.qcow2", LockEffect::Keeps, LockEffect::Loses)
            .inline(LockEffect::Loses),
        DrillExpected::posix("top.qcow2", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: commit,
};

fn commit(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    start(lab, &[TOP, MIDDLE, BASE])?;
    let arguments = json!({
        "job-id": "job", "device": "top", "top-node": "middle", "base-node": "base",
        "auto-finalize": false,
    });
    let commit = Command::new("block-commit", arguments);
    lab.tell("vm1", "The snapshot in the middle is committed into the base", &commit)?;
    lab.await_job("vm1", "All is copied, and the chain is as it was", "job", "pending")?;
    lab.prove("base.qcow2 while the job runs", "vm1", "base.qcow2", Mode::Qcow2Rw)?;
    let place = "middle.qcow2 while the job runs";
    lab.prove(place, "vm1", "middle.qcow2", Mode::CommitSource)?;
    finalize(lab)?;
    lab.prove_settled("base.qcow2", "vm1", "base.qcow2", Mode::Qcow2Ro)?;
    lab.prove("top.qcow2", "vm1", "top.qcow2", Mode::Qcow2Rw)
}

/// `block-commit` of the active image.
pub const COMMIT_ACTIVE: Drill = Drill {
    name: "commit-active",
    commands: "block-commit of the active image",
    summary: "While the active image is committed into a raw base, openers that share `write` can write to the base",
    about: "\
The job writes to the base and shares `write` on it, because the guest's own writes also reach the base. So \
even with OFD locks, a tool that shares `write` is granted the base; only openers that do not share it are \
refused. In the POSIX fallback, an auto-read-only base is reopened when the job starts. From then on it has \
no locks, also as the new disk.",
    safe: "\
Keep tools away from the base while the job runs. Without OFD locks, give the base its own node with \
read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("base.img while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix(SHARING, LockEffect::Open, LockEffect::Loses).ofd(LockEffect::Open),
        DrillExpected::posix("top.qcow2 while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("base.img as the new disk", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: commit_active,
};

const SHARING: &str = "base.img while the job runs, for an opener that shares write";

fn commit_active(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let mode = start(lab, &[TOP, RAW_BASE])?;
    let arguments = json!({ "job-id": "job", "device": "top", "base-node": "base" });
    let commit = Command::new("block-commit", arguments);
    lab.tell("vm1", "The active image is committed into its base", &commit)?;
    lab.await_job("vm1", "All is copied; writes go to both", "job", "ready")?;
    let base = |place, second| DrillProof {
        place,
        actor: "vm1",
        image: "base.img",
        holds: Mode::BackupTarget,
        second,
    };
    lab.prove_against(base("base.img while the job runs", Mode::Rw))?;
    lab.prove_against(base(SHARING, Mode::ShareRw))?;
    lab.prove("top.qcow2 while the job runs", "vm1", "top.qcow2", Mode::Qcow2Rw)?;
    complete(lab)?;
    lab.prove_settled("base.img as the new disk", "vm1", "base.img", mode)
}

/// `block-stream`.
pub const STREAM: Drill = Drill {
    name: "stream",
    commands: "block-stream",
    summary: "Streaming keeps the existing locks, and does not restore locks that were lost at the start",
    about: "\
The job takes `write-unchanged` on the top and releases it again. It reopens no file, so it loses nothing. \
But with auto-read-only, the top lost its locks when its first writer was attached. The job then takes one \
byte and leaves the others, which QEMU still records as held.",
    safe: "\
Use OFD locks. Without them, give each file its own node with read-only=off,auto-read-only=off.",
    players: ANY,
    unable: &[],
    expected: &[
        DrillExpected::posix("top.qcow2 while the job runs", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::always("base.qcow2 while the job runs", LockEffect::Keeps),
        DrillExpected::posix("top.qcow2", LockEffect::Keeps, LockEffect::Loses),
    ],
    body: stream,
};

fn stream(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    start(lab, &[TOP, BASE])?;
    let arguments = json!({ "job-id": "job", "device": "top", "auto-finalize": false });
    let stream = Command::new("block-stream", arguments);
    lab.tell("vm1", "The base is streamed into the top", &stream)?;
    lab.await_job("vm1", "All is copied, and the chain is as it was", "job", "pending")?;
    lab.prove("top.qcow2 while the job runs", "vm1", "top.qcow2", Mode::StreamTop)?;
    lab.prove("base.qcow2 while the job runs", "vm1", "base.qcow2", Mode::Qcow2Ro)?;
    finalize(lab)?;
    lab.prove_settled("top.qcow2", "vm1", "top.qcow2", Mode::Qcow2Rw)
}

/// A machine with a chain, whose active image is used.
fn start(lab: &mut Lab<'_>, chain: &[Layer<'_>]) -> Result<Mode, StepFailure> {
    make_chain(lab, chain)?;
    machine(lab, "vm1")?;
    open(lab, "vm1", chain)?;
    attach(lab, "vm1", chain.first().map_or("disk", |layer| layer.name))
}

/// Lets a pending job change the chain.
pub(super) fn finalize(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let finalize = Command::new("job-finalize", json!({ "id": "job" }));
    lab.tell("vm1", "The job may change the chain", &finalize)?;
    gone(lab)
}

/// Lets a ready job switch to its target.
pub(super) fn complete(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let complete = Command::new("job-complete", json!({ "id": "job" }));
    lab.tell("vm1", "The job switches over", &complete)?;
    gone(lab)
}

/// Waits until the job no longer exists.
pub(super) fn gone(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let gone = |data: &Value| data["id"] == "job" && data["status"] == "null";
    lab.await_event("vm1", "The job has ended", "JOB_STATUS_CHANGE", gone).map(|_| ())
}
