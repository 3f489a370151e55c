//! A third process that takes the image during the handover.

use super::completed::arrived_late;
use super::moves::{
    Arrival, IMAGE, MOVERS, NOTHING, arrives, blockdev, destination, go_on, go_on_in_vain, is,
    source, storage, switch_over, third_leaves, third_takes, to_the_switchover,
};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// A third QEMU holds the image when the destination receives `cont`.
pub const INTRUDER: Drill = Drill {
    name: "handover-intruder",
    commands: "migrate, late-block-activate, cont",
    summary: "A third QEMU takes the image in the gap: source and destination are both refused",
    about: "\
An opener that comes while no process holds the image is granted it. The destination's `cont` is refused, \
and so is the source's: the guest runs on neither side, but nothing of it is lost. `cont` can be repeated on \
both sides. When the third QEMU has released the image, the first side that receives `cont` acquires it.",
    safe: "\
Start the destination with -S and late-block-activate, treat a refused `cont` as a failure, and repeat it at \
the destination after the third QEMU has released the image. To fall back to the source, end the destination \
first.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "disk.img before the switchover",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::always("disk.img in the gap, taken by a third", LockEffect::Keeps),
        DrillExpected::posix("disk.img after the third", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: intruder,
};

fn intruder(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    arrived_late(lab)?;
    third_takes(lab, Mode::Rw)?;
    go_on_in_vain(lab, "destination", "The destination receives cont")?;
    go_on_in_vain(lab, "destination", "It receives cont again")?;
    go_on_in_vain(lab, "source", "The source receives cont instead")?;
    lab.await_status("destination", "The guest is paused", "paused")?;
    lab.prove("disk.img in the gap, taken by a third", "third", IMAGE, Mode::Rw)?;
    third_leaves(lab)?;
    go_on(lab, "destination", "The destination receives cont once more, and is granted the image")?;
    lab.prove("disk.img after the third", "destination", IMAGE, Mode::Rw)?;
    go_on_in_vain(lab, "source", "The source receives cont, against the rules")
}

/// A destination that starts by itself and is refused.
pub const REFUSED: Drill = Drill {
    name: "handover-refused",
    commands: "migrate, cont",
    summary: "A destination that starts by itself finds the image taken: the guest stays paused",
    about: "\
Without -S, the destination activates its images by itself. If another process holds the image, both sides \
still report the migration as completed. The guest is paused and holds nothing, and only QEMU's log has the \
reason. The drill stops the destination in the gap (SIGSTOP) while the source hands over.",
    safe: "\
After `completed`, query the destination's state (query-status): `paused` instead of `running` means that it \
did not get its images. Repeat `cont` when they are free.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::always("disk.img in the gap", LockEffect::Open),
        DrillExpected::always("disk.img in the gap, taken by a third", LockEffect::Keeps),
        DrillExpected::posix("disk.img after the third", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: refused,
};

fn refused(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    lab.halt("destination", "The destination is stopped from here on")?;
    switch_over(lab, "source")?;
    lab.prove("disk.img in the gap", "destination", IMAGE, Mode::Inactive)?;
    third_takes(lab, Mode::Rw)?;
    let title = "It continues, has received everything, and is refused the image";
    lab.resume("destination", title, "MIGRATION", is("completed"))?;
    lab.must_complain("destination")?;
    lab.must_hold("destination", IMAGE, NOTHING)?;
    lab.await_status("destination", "The guest is paused", "paused")?;
    lab.prove("disk.img in the gap, taken by a third", "third", IMAGE, Mode::Rw)?;
    third_leaves(lab)?;
    go_on(lab, "destination", "The destination receives cont, and is granted the image")?;
    lab.prove("disk.img after the third", "destination", IMAGE, Mode::Rw)
}

/// A source that continues without its image.
pub const UNLOCKED_SOURCE: Drill = Drill {
    name: "handover-unlocked-source",
    commands: "migrate, return-path",
    summary: "A migration fails in the gap after a third took the image: the source runs on without a lock",
    about: "\
With return-path, the source releases its images and then waits for the destination's answer. If the \
connection breaks, it takes them back and lets the guest run. If a third process has taken the image \
meanwhile, the source cannot take it. It prints a message and lets the guest run nevertheless, without a \
lock and with inactive images. Its next write aborts QEMU (seen with 7.2; an assertion in block/io.c), and \
the guest with it. In the drill, imglock plays the destination: it reads and never answers.",
    safe: "\
After a failed or cancelled migration, do not trust `running`: send `stop`, then `cont`, which takes the \
images or is refused. Check with `imglock holders` that the source holds its image.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img before", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::always("disk.img in the gap", LockEffect::Open),
        DrillExpected::always("disk.img at the source, which runs", LockEffect::Loses),
        DrillExpected::posix("disk.img after cont", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: unlocked_source,
};

fn unlocked_source(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["return-path"])?;
    lab.prove("disk.img before", "source", IMAGE, Mode::Rw)?;
    let mut peer = lab.silent_peer("peer.sock")?;
    let migrate = Command::new("migrate", serde_json::json!({ "uri": "unix:peer.sock" }));
    lab.tell("source", "The migration begins, to a peer that does not answer", &migrate)?;
    peer.accept(lab.deadline())?;
    lab.await_status("source", "The guest is stopped", "finish-migrate")?;
    let title = "It has released the image, and waits for an answer";
    lab.await_claim("source", title, IMAGE, NOTHING)?;
    lab.prove("disk.img in the gap", "source", IMAGE, Mode::Inactive)?;
    third_takes(lab, Mode::Rw)?;
    peer.close();
    lab.await_event("source", "The connection breaks", "RESUME", |_| true)?;
    lab.must_complain("source")?;
    lab.await_status("source", "QEMU reports that the guest runs", "running")?;
    lab.must_hold("source", IMAGE, NOTHING)?;
    go_on_in_vain(lab, "source", "It receives cont")?;
    third_leaves(lab)?;
    lab.prove("disk.img at the source, which runs", "source", IMAGE, Mode::Rw)?;
    lab.tell("source", "It receives cont, and takes the image", &Command::bare("cont"))?;
    lab.prove("disk.img after cont", "source", IMAGE, Mode::Rw)
}

/// A third process that excludes others while the guest moves.
pub const GUARDED: Drill = Drill {
    name: "handover-guarded",
    commands: "share-rw, migrate, cont",
    summary: "A third process that shares writing guards the image in the gap; source and destination may then both run",
    about: "\
With share-rw=on, source and destination hold the image and let others write beside them. A third process \
that does the same, from before the migration until after it, excludes openers that do not share writing, \
also in the gap. Every disk without share-rw is such an opener. But source and destination then no longer \
exclude each other: if the source receives `cont` after the migration, it continues, and the guest runs \
twice.",
    safe: "\
`imglock hold --mode share-rw IMAGE -- COMMAND` guards an image while COMMAND runs. Only use it if something \
other than QEMU's locks ensures that the source never receives `cont`. Openers that share writing, such as \
qemu-io, are granted the image all the time. qcow2 does not support share-rw.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::always("disk.img before", LockEffect::Keeps),
        DrillExpected::always("disk.img in the gap", LockEffect::Keeps),
        DrillExpected::always("disk.img after, with the guest running twice", LockEffect::Keeps),
    ],
    body: guarded,
};

fn guarded(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let mut disk = blockdev(lab);
    disk[3] += ",share-rw=on";
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    third_takes(lab, Mode::ShareRw)?;
    lab.prove("disk.img before", "third", IMAGE, Mode::ShareRw)?;
    let switches = ["late-block-activate"];
    let address = destination(lab, "destination", &disk, Arrival::Waits, &switches)?;
    to_the_switchover(lab, "source", &address)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination")?;
    lab.must_hold("destination", IMAGE, NOTHING)?;
    lab.prove("disk.img in the gap", "third", IMAGE, Mode::ShareRw)?;
    go_on(lab, "destination", "The destination receives cont")?;
    go_on(lab, "source", "The source receives cont, against the rules, and continues")?;
    lab.await_status("destination", "The guest runs at the destination", "running")?;
    lab.await_status("source", "The guest runs at the source, too", "running")?;
    let place = "disk.img after, with the guest running twice";
    lab.prove(place, "third", IMAGE, Mode::ShareRw)
}
