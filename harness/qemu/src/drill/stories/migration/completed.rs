//! A guest that migrates to another QEMU on the same storage, and the holders
//! of its image at each moment.

use super::moves::{
    Arrival, IMAGE, MOVERS, NOTHING, arrives, blockdev, dawdle, destination, go_on, go_on_in_vain,
    hurry, source, storage, switch_over, to_the_switchover,
};
use crate::drill::{Drill, DrillExpected, DrillProof, FileNode, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// The usual sequence, at each moment.
pub const HANDOVER: Drill = Drill {
    name: "handover",
    commands: "migrate, migrate-incoming, cont",
    summary: "A guest moves to another QEMU, and its image is handed over: before, during and after",
    about: "\
The destination opens the image inactive and locks nothing. The source holds its locks until the guest is \
stopped and its memory is transferred. Then it releases them, and the destination takes them. The two never \
hold them at the same time. In between, no process holds them for a moment: `handover-late` stops at that \
moment, and `imglock handover` measures it.",
    safe: "\
Never continue the source while the destination may hold the image. QEMU refuses it, and this is the last \
line of defence. If only the two can reach the image, nothing else is necessary; otherwise see \
`handover-intruder`.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img before", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix("disk.img while memory is sent", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix(
            "disk.img before the switchover",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix("disk.img after", LockEffect::Keeps, LockEffect::Weakens),
        DrillExpected::posix("disk.img back at the source", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: handover,
};

fn handover(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    lab.prove("disk.img before", "source", IMAGE, Mode::Rw)?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    dawdle(lab, "source", &address)?;
    lab.prove("disk.img while memory is sent", "source", IMAGE, Mode::Rw)?;
    lab.must_hold("destination", IMAGE, NOTHING)?;
    hurry(lab, "source")?;
    let title = "The guest's memory is across, and the guest is stopped";
    lab.await_event("source", title, "MIGRATION", super::moves::is("pre-switchover"))?;
    lab.prove("disk.img before the switchover", "source", IMAGE, Mode::Rw)?;
    lab.must_hold("destination", IMAGE, NOTHING)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination")?;
    lab.await_status("destination", "The guest runs there", "running")?;
    lab.prove("disk.img after", "destination", IMAGE, Mode::Rw)?;
    go_on_in_vain(lab, "source", "The source receives cont, against the rules")?;
    lab.kill("destination", "The destination is killed")?;
    go_on(lab, "source", "Now the source may continue")?;
    lab.prove("disk.img back at the source", "source", IMAGE, Mode::Rw)
}

/// Stops the sequence in the gap.
pub const LATE: Drill = Drill {
    name: "handover-late",
    commands: "migrate, late-block-activate, cont",
    summary: "Between the source's unlock and the destination's lock, no process holds the image",
    about: "\
With late-block-activate, a destination that was started with -S takes the image only at `cont`. Until then \
the source has released it and the destination has not taken it, so any other opener is granted the image. \
Without late-block-activate the same gap exists and lasts one or two milliseconds.",
    safe: "\
Send `cont` as soon as the migration is completed, and expect that it may be refused (`handover-intruder`). \
The gap exists however the destination is started: the management layer must prevent other opens of the \
image while a guest moves. `handover-guarded` shows how a third party can guard the image.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "disk.img before the switchover",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::always("disk.img in the gap", LockEffect::Open),
        DrillExpected::posix("disk.img after cont", LockEffect::Keeps, LockEffect::Weakens),
    ],
    body: late,
};

fn late(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    arrived_late(lab)?;
    lab.prove("disk.img in the gap", "destination", IMAGE, Mode::Inactive)?;
    lab.must_hold("source", IMAGE, NOTHING)?;
    go_on(lab, "destination", "The destination receives cont")?;
    lab.prove("disk.img after cont", "destination", IMAGE, Mode::Rw)
}

/// A guest that has arrived while no process holds the image.
pub(super) fn arrived_late(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let switches = ["late-block-activate"];
    let address = destination(lab, "destination", &disk, Arrival::Waits, &switches)?;
    to_the_switchover(lab, "source", &address)?;
    lab.prove("disk.img before the switchover", "source", IMAGE, Mode::Rw)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination")
}

/// A destination that takes its locks in two steps.
pub const PAUSED: Drill = Drill {
    name: "handover-paused",
    commands: "migrate, cont",
    summary: "A destination that waits for cont shares the image, and then runs without excluding other writers",
    about: "\
A destination with -S takes the image in two steps. At the end of the migration it locks the permissions \
that it uses. Only at `cont` it also locks those that it does not share. In between, an opener that shares \
everything, such as qemu-io, is granted the image. `cont` then cannot exclude this opener: QEMU prints a \
message, reports success, and lets the guest run. QEMU does not try the lock again, not even at stop and \
cont, so every further opener of this kind is granted the image beside a running guest. A destination that \
starts by itself also takes its locks in two steps, within a millisecond.",
    safe: "\
Enable late-block-activate at the destination: then `cont` takes all locks at once and is refused if another \
process holds the image. Otherwise read QEMU's log after `cont`, or check with `imglock holders` that the \
destination excludes writers.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix(
            "disk.img waiting for cont, a writer comes",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
        DrillExpected::posix(
            "disk.img waiting for cont, a writer that shares comes",
            LockEffect::Open,
            LockEffect::Loses,
        )
        .ofd(LockEffect::Open),
        DrillExpected::always("disk.img running beside it", LockEffect::Loses),
        DrillExpected::always("disk.img running after it", LockEffect::Loses),
        DrillExpected::always("disk.img after stop and cont", LockEffect::Loses),
    ],
    body: paused,
};

fn paused(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let disk = blockdev(lab);
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    let address = destination(lab, "destination", &disk, Arrival::Waits, &[])?;
    to_the_switchover(lab, "source", &address)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination")?;
    let waiting = DrillProof {
        place: "disk.img waiting for cont, a writer comes",
        actor: "destination",
        image: IMAGE,
        holds: Mode::ShareRw,
        second: Mode::Rw,
    };
    lab.prove_against(waiting)?;
    let place = "disk.img waiting for cont, a writer that shares comes";
    let sharer = DrillProof { place, second: Mode::ShareRw, ..waiting };
    lab.prove_against(sharer)?;
    super::moves::third_takes(lab, Mode::ShareRw)?;
    go_on(lab, "destination", "The destination receives cont, and continues")?;
    lab.must_complain("destination")?;
    let running = |place| DrillProof { place, holds: Mode::Rw, ..sharer };
    lab.prove_against(running("disk.img running beside it"))?;
    super::moves::third_leaves(lab)?;
    lab.prove_against(running("disk.img running after it"))?;
    lab.tell("destination", "The guest is stopped", &Command::bare("stop"))?;
    go_on(lab, "destination", "It continues")?;
    lab.prove_against(running("disk.img after stop and cont"))
}

/// A disk as `-drive` makes it.
pub const POSIX_DRIVE: Drill = Drill {
    name: "handover-posix-drive",
    commands: "-drive, migrate",
    summary: "A guest that has lost its locks at the start gets a part of them back when it moves",
    about: "\
A disk from -drive is opened auto-read-only. With POSIX locks it has lost them all before the guest runs, \
because QEMU replaces the descriptor by one that can write. The destination opens it in the same way and \
loses the locks that it takes when the migration ends. One lock is taken after that: the lock for not \
sharing `write`. From then on, writers are refused, but a reader that does not share `write` is granted the \
image beside a guest that writes.",
    safe: "\
Use a file system and a kernel with OFD locks (`imglock probe DIR` reports this). Without them, start QEMU \
with -blockdev and auto-read-only=off.",
    players: MOVERS,
    unable: &[],
    expected: &[
        DrillExpected::posix("disk.img before", LockEffect::Keeps, LockEffect::Loses),
        DrillExpected::posix(
            "disk.img after, a writer comes",
            LockEffect::Keeps,
            LockEffect::Weakens,
        ),
        DrillExpected::posix(
            "disk.img after, a reader comes",
            LockEffect::Keeps,
            LockEffect::Loses,
        ),
    ],
    body: posix_drive,
};

fn posix_drive(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    storage(lab)?;
    let switch = if lab.variant().node == FileNode::AutoReadOnly { "on" } else { "off" };
    let drive =
        format!("if=virtio,format=raw,file={IMAGE},file.locking=on,auto-read-only={switch}");
    let disk = ["-drive".to_owned(), drive];
    source(lab, "source", &disk, &["pause-before-switchover"])?;
    lab.prove("disk.img before", "source", IMAGE, Mode::Rw)?;
    let address = destination(lab, "destination", &disk, Arrival::Runs, &[])?;
    to_the_switchover(lab, "source", &address)?;
    switch_over(lab, "source")?;
    arrives(lab, "destination")?;
    lab.await_status("destination", "The guest runs there", "running")?;
    lab.prove("disk.img after, a writer comes", "destination", IMAGE, Mode::Rw)?;
    lab.prove_against(DrillProof {
        place: "disk.img after, a reader comes",
        actor: "destination",
        image: IMAGE,
        holds: Mode::Rw,
        second: Mode::Ro,
    })
}
