//! A third party that takes the image while it is handed over.

use super::migration::arrived_late;
use super::moves::{
    Arrival, IMAGE, MOVERS, NOTHING, arrives, blockdev, destination, go_on, go_on_in_vain, is,
    source, storage, switch_over, third_leaves, third_takes, to_the_switchover,
};
use crate::drill::{Drill, DrillExpected, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// A third holds the image when the destination is told to go on.
pub const INTRUDER: Drill = Drill {
    name: "handover-intruder",
    commands: "migrate, late-block-activate, cont",
    summary: "A third QEMU takes the image in the gap: source and destination are both refused",
    about: "\
Whoever comes while nobody holds the image has it. The destination's `cont` is refused, and so is \
the source's: the guest runs nowhere, and nothing of it is lost. Both can be told again, as often \
as it takes; when the third has gone, the first of them that is told has the image.",
    safe: "\
Start the destination with -S and late-block-activate, treat a refused `cont` as a failure, and \
repeat it: at the destination, once the third has gone. To fall back to the source, end the \
destination first.",
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
    go_on_in_vain(lab, "destination", "The destination is told to go on")?;
    go_on_in_vain(lab, "destination", "It is told again")?;
    go_on_in_vain(lab, "source", "The source is told to go on instead")?;
    lab.await_status("destination", "The guest is paused", "paused")?;
    lab.prove("disk.img in the gap, taken by a third", "third", IMAGE, Mode::Rw)?;
    third_leaves(lab)?;
    go_on(lab, "destination", "The destination is told once more, and is let in")?;
    lab.prove("disk.img after the third", "destination", IMAGE, Mode::Rw)?;
    go_on_in_vain(lab, "source", "The source is told to go on, against the rules")
}

/// A destination that starts by itself, and cannot.
pub const REFUSED: Drill = Drill {
    name: "handover-refused",
    commands: "migrate, cont",
    summary: "A destination that starts by itself finds the image taken: the guest stays paused",
    about: "\
Without -S the destination activates its images by itself. When somebody has the image, the \
migration is still reported as completed, on both sides; the guest is paused and holds nothing, \
and only QEMU's log says why. The drill holds the gap still by stopping the destination (SIGSTOP) \
while the source hands over.",
    safe: "\
After `completed` ask the destination for its state (query-status): `paused` where `running` was \
expected means that it did not get its images. Repeat `cont` when they are free.",
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
    lab.halt("destination", "The destination stands still from here on")?;
    switch_over(lab, "source")?;
    lab.prove("disk.img in the gap", "destination", IMAGE, Mode::Inactive)?;
    third_takes(lab, Mode::Rw)?;
    let title = "It goes on, finds everything there, and cannot have the image";
    lab.resume("destination", title, "MIGRATION", is("completed"))?;
    lab.must_complain("destination")?;
    lab.must_hold("destination", IMAGE, NOTHING)?;
    lab.await_status("destination", "The guest is paused", "paused")?;
    lab.prove("disk.img in the gap, taken by a third", "third", IMAGE, Mode::Rw)?;
    third_leaves(lab)?;
    go_on(lab, "destination", "The destination is told to go on, and is let in")?;
    lab.prove("disk.img after the third", "destination", IMAGE, Mode::Rw)
}

/// A source that goes on without its image.
pub const UNLOCKED_SOURCE: Drill = Drill {
    name: "handover-unlocked-source",
    commands: "migrate, return-path",
    summary: "A migration fails in the gap after a third took the image: the source runs on without a lock",
    about: "\
With return-path the source waits, its images given up, until the destination has answered. When \
the connection breaks it takes them back and lets the guest run. When a third has taken the image \
meanwhile, it cannot, prints that, and lets the guest run all the same. It has no lock, and its \
images are inactive: its next write aborts QEMU (seen with 7.2; an assertion in block/io.c), and \
the guest with it. The drill plays the destination itself, reads, and never answers.",
    safe: "\
After a failed or cancelled migration do not trust `running`: send `stop`, then `cont`, which \
takes the images or is refused. Look with `imglock holders` whether the source holds its image.",
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
    lab.tell("source", "The migration begins, to somebody who will not answer", &migrate)?;
    peer.accept(lab.deadline())?;
    lab.await_status("source", "The guest is stopped", "finish-migrate")?;
    let title = "It has given up the image, and waits for an answer";
    lab.await_claim("source", title, IMAGE, NOTHING)?;
    lab.prove("disk.img in the gap", "source", IMAGE, Mode::Inactive)?;
    third_takes(lab, Mode::Rw)?;
    peer.close();
    lab.await_event("source", "The connection breaks", "RESUME", |_| true)?;
    lab.must_complain("source")?;
    lab.await_status("source", "The guest runs, says QEMU", "running")?;
    lab.must_hold("source", IMAGE, NOTHING)?;
    go_on_in_vain(lab, "source", "It is told to go on")?;
    third_leaves(lab)?;
    lab.prove("disk.img at the source, which runs", "source", IMAGE, Mode::Rw)?;
    lab.tell("source", "It is told to go on, and takes the image", &Command::bare("cont"))?;
    lab.prove("disk.img after cont", "source", IMAGE, Mode::Rw)
}

/// A third that keeps others out while both sides come and go.
pub const GUARDED: Drill = Drill {
    name: "handover-guarded",
    commands: "share-rw, migrate, cont",
    summary: "Somebody who shares writing guards the image through the gap; the two sides may then both run",
    about: "\
With share-rw=on source and destination hold the image and let others write beside them. A third \
that does the same from before the migration until after it keeps out whoever does not share \
writing, as every disk without share-rw, in the gap, too. The price: source and destination do not \
exclude each other any more. Told to go on after the migration, the source does, and the guest \
runs twice.",
    safe: "\
`imglock hold --mode share-rw IMAGE -- COMMAND` guards an image for as long as COMMAND takes. Only do \
so where something other than QEMU's locks makes sure that the source is never told to go on. \
Openers that share writing, such as qemu-io, are let in all the time. qcow2 knows no share-rw.",
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
    go_on(lab, "destination", "The destination is told to go on")?;
    go_on(lab, "source", "The source is told to go on, against the rules, and does")?;
    lab.await_status("destination", "The guest runs at the destination", "running")?;
    lab.await_status("source", "The guest runs at the source, too", "running")?;
    let place = "disk.img after, with the guest running twice";
    lab.prove(place, "third", IMAGE, Mode::ShareRw)
}
