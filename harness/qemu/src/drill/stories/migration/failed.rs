//! Migrations that do not complete.

use serde_json::json;

use super::moves::{
    Arrival, IMAGE, MOVERS, NOTHING, arrives, blockdev, dawdle, destination, go_on, hurry, is,
    source, storage, switch_over, to_the_switchover,
};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// `migrate_cancel`, before the image is released.
pub const CANCELLED: Drill = Drill {
    name: "handover-cancelled",
    commands: "migrate, migrate_cancel",
    summary: "A migration is cancelled: the source never released the image, and can migrate again",
    about: "\
The source releases its images at the very end, after the switchover. If the migration is cancelled while \
memory is sent, or while the source waits before the switchover, the source continues with the locks that it \
held all the time. The destination ends.",
    safe: "\
No action is necessary. A migration that is cancelled after the image was released is different: see \
`handover-unlocked-source`.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img while memory is sent", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix(
            "disk.img after it was cancelled",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix(
            "disk.img before the switchover",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix(
            "disk.img after that was cancelled",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix("disk.img moved after all", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: cancelled,
};

fn cancelled(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    dawdle(lab, "source", &address)?;
    lab.prove("disk.img while memory is sent", "source", IMAGE, Mode::Rw)?;
    cancel(lab, "destination")?;
    lab.prove("disk.img after it was cancelled", "source", IMAGE, Mode::Rw)?;
    hurry(lab, "source")?;
    let address = destination(lab, "destination2", &disk, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    lab.prove("disk.img before the switchover", "source", IMAGE, Mode::Rw)?;
    cancel(lab, "destination2")?;
    lab.await_status("source", "The guest runs on", "running")?;
    lab.prove("disk.img after that was cancelled", "source", IMAGE, Mode::Rw)?;
    let address = destination(lab, "destination3", &disk, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination3")?;
    lab.await_status("destination3", "The guest runs there", "running")?;
    lab.prove("disk.img moved after all", "destination3", IMAGE, Mode::Rw)
}

fn cancel(lab: &mut Lab<'_>, destination: &str) -> Result<(), StepFailure> {
    let title = "The migration is cancelled";
    let cancel = Command::bare("migrate_cancel");
    lab.tell_until("source", title, &cancel, "MIGRATION", is("cancelled"))?;
    lab.await_end(destination, "The destination ends").map(|_| ())
}

/// The destination dies: early, in the gap, and in the gap with return-path.
pub const DESTINATION_KILLED: Drill = Drill {
    name: "handover-destination-killed",
    commands: "migrate, cont, return-path",
    summary: "The destination is killed: the source continues with its image, or needs a cont",
    about: "\
While memory is sent, the source holds the image and continues by itself. After it has released the image, \
it assumes that the migration succeeded: the guest runs on neither side and no process holds the image until \
the source receives `cont`. With return-path, the source waits for an answer, notices the failure, and \
continues by itself.",
    safe: "\
Enable return-path on both sides, so that the source notices. Send `cont` to the source only if the \
destination is known to be dead. If it lives, QEMU's lock is all that prevents the guest from running twice.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "disk.img, killed while memory is sent",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::always("disk.img, killed in the gap", LockEffect::Open),
        DrillExpected::posix("disk.img after cont", LockEffect::Keeps, LockEffect::Weakens),
        DrillExpected::posix(
            "disk.img, killed with return-path",
            LockEffect::Keeps,
            LockEffect::Weakens,
        ),
    ],
    body: destination_killed,
};

fn destination_killed(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    dawdle(lab, "source", &address)?;
    lab.kill("destination", "The destination is killed")?;
    hurry(lab, "source")?;
    lab.await_event("source", "The source notices it", "MIGRATION", is("failed"))?;
    lab.await_status("source", "The guest runs on", "running")?;
    lab.prove("disk.img, killed while memory is sent", "source", IMAGE, Mode::Rw)?;

    let address = destination(lab, "destination2", &disk, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    lab.halt("destination2", "The destination is stopped from here on")?;
    switch_over(lab, "source")?;
    lab.kill("destination2", "It is killed")?;
    lab.prove("disk.img, killed in the gap", "source", IMAGE, Mode::Inactive)?;
    go_on(lab, "source", "The source receives cont")?;
    lab.prove("disk.img after cont", "source", IMAGE, Mode::Rw)?;

    let switches = json!({ "capabilities": [{ "capability": "return-path", "state": true }] });
    let set = Command::new("migrate-set-capabilities", switches);
    lab.tell("source", "It waits for answers from now on", &set)?;
    let address = destination(lab, "destination3", &disk, Arrival::Runs, &["return-path"])?;
    to_the_switchover(lab, "source", &address)?;
    lab.halt("destination3", "The destination is stopped from here on")?;
    let title = "It releases the image, sends the rest, and waits for an answer";
    let go_on = Command::new("migrate-continue", json!({ "state": "pre-switchover" }));
    lab.tell("source", title, &go_on)?;
    lab.await_claim("source", "It holds no lock any more", IMAGE, NOTHING)?;
    lab.kill("destination3", "The destination is killed")?;
    lab.await_event("source", "The source notices it", "MIGRATION", is("failed"))?;
    lab.await_status("source", "The guest runs on", "running")?;
    lab.prove("disk.img, killed with return-path", "source", IMAGE, Mode::Rw)
}

/// The source dies: early, and in the gap.
pub const SOURCE_KILLED: Drill = Drill {
    name: "handover-source-killed",
    commands: "migrate, late-block-activate, cont",
    summary: "The source is killed: early, and the guest is lost; in the gap, and the guest survives",
    about: "\
If the source dies while memory is sent, the guest dies with it: its locks are dropped, the destination \
ends, and no process holds the image. After everything is sent, the destination no longer needs the source, \
and takes the image by itself or at `cont`.",
    safe: "\
Before a guest is started again after a failure, make sure that no destination has it: a destination that \
was started with -S and late-block-activate shows no lock and can still continue.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::always("disk.img, killed while memory is sent", LockEffect::Open),
        DrillExpected::always("disk.img, killed in the gap", LockEffect::Open),
        DrillExpected::posix("disk.img after cont", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: source_killed,
};

fn source_killed(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &[])?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    dawdle(lab, "source", &address)?;
    lab.kill("source", "The source is killed")?;
    lab.await_end("destination", "The destination ends, too")?;
    lab.prove("disk.img, killed while memory is sent", "source", IMAGE, Mode::Inactive)?;

    source(lab, "source2", &disk, &["pause-before-switchover"])?;
    let switches = ["late-block-activate"];
    let address = destination(lab, "destination2", &disk, Arrival::Waits, &switches)?;
    to_the_switchover(lab, "source2", &address)?;
    switch_over(lab, "source2")?;
    arrives(lab, "destination2")?;
    lab.kill("source2", "The source is killed")?;
    lab.prove("disk.img, killed in the gap", "destination2", IMAGE, Mode::Inactive)?;
    go_on(lab, "destination2", "The destination receives cont")?;
    lab.prove("disk.img after cont", "destination2", IMAGE, Mode::Rw)
}

/// The destination cannot load the guest's state.
pub const NOT_LOADED: Drill = Drill {
    name: "handover-not-loaded",
    commands: "migrate, cont, return-path",
    summary: "The destination cannot load the guest: the source reports success, and holds nothing",
    about: "\
The destination lacks a device and ends. Without return-path, the source has sent everything, reports the \
migration as completed, and has released the image: the guest runs on neither side. With return-path, the \
source notices the failure, takes the image back and continues.",
    safe: "\
Enable return-path on both sides. Without it, trust a migration only after the destination has reported \
completion, and otherwise send `cont` to the source.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::always("disk.img after a failure", LockEffect::Open),
        DrillExpected::posix("disk.img after cont", LockEffect::Keeps, LockEffect::Weakens),
        DrillExpected::posix(
            "disk.img after a failure with return-path",
            LockEffect::Keeps,
            LockEffect::Weakens,
        ),
    ],
    body: not_loaded,
};

fn not_loaded(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    // The node alone, without the device that uses it.
    let lacking = &disk[..2];
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let address = destination(lab, "destination", lacking, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    lab.halt("destination", "The destination is stopped, so that it is the last to end")?;
    switch_over(lab, "source")?;
    lab.wake("destination", "It continues")?;
    lab.await_end("destination", "It cannot load the received state, and ends")?;
    lab.prove("disk.img after a failure", "source", IMAGE, Mode::Inactive)?;
    go_on(lab, "source", "The source receives cont")?;
    lab.prove("disk.img after cont", "source", IMAGE, Mode::Rw)?;

    let switches = json!({ "capabilities": [{ "capability": "return-path", "state": true }] });
    let set = Command::new("migrate-set-capabilities", switches);
    lab.tell("source", "It waits for answers from now on", &set)?;
    let address = destination(lab, "destination2", lacking, Arrival::Runs, &["return-path"])?;
    to_the_switchover(lab, "source", &address)?;
    let title = "It hands over, and the destination cannot load the received state";
    let hand_over = Command::new("migrate-continue", json!({ "state": "pre-switchover" }));
    lab.tell_until("source", title, &hand_over, "MIGRATION", is("failed"))?;
    lab.await_end("destination2", "The destination ends")?;
    lab.await_status("source", "The guest runs on", "running")?;
    lab.prove("disk.img after a failure with return-path", "source", IMAGE, Mode::Rw)
}
