//! A guest that moves to another QEMU on the same storage: who holds its image
//! at each moment.

use super::moves::{
    Arrival, IMAGE, MOVERS, NOTHING, arrives, blockdev, dawdle, destination, go_on, go_on_in_vain,
    hurry, source, storage, switch_over, to_the_switchover,
};
use crate::drill::{Drill, DrillExpected, DrillProof, FileNode, Lab, LockEffect};
use crate::qemu::Command;
use imglock_core::Mode;
use imglock_engine::StepFailure;

/// The usual course, at each moment.
pub const HANDOVER: Drill = Drill {
    name: "handover",
    commands: "migrate, migrate-incoming, cont",
    summary: "A guest moves to another QEMU, and its image is handed over: before, during and after",
    about: "\
The destination opens the image inactive and locks nothing. The source holds its locks until the \
guest is stopped and its memory is across; then it gives them up, and the destination takes them. \
They are never held by both. In between nobody has them, for a moment: `handover-late` holds that \
moment still, and `imglock handover` measures it.",
    safe: "\
Never let the source go on while the destination may hold the image: QEMU refuses it, and that is \
the last line of defence. Where nobody but the two can reach the image there is nothing else to \
do; otherwise see `handover-intruder`.",
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
    go_on_in_vain(lab, "source", "The source is told to go on, against the rules")?;
    lab.kill("destination", "The destination is killed")?;
    go_on(lab, "source", "Now the source may go on")?;
    lab.prove("disk.img back at the source", "source", IMAGE, Mode::Rw)
}

/// The gap, held still.
pub const LATE: Drill = Drill {
    name: "handover-late",
    commands: "migrate, late-block-activate, cont",
    summary: "Between the source's unlock and the destination's lock nobody holds the image",
    about: "\
With late-block-activate a destination that was started with -S takes the image only when it is \
told `cont`. Until then the source has given it up and the destination has not taken it: whoever \
comes is let in. Without late-block-activate the same gap is there and lasts a millisecond or \
two.",
    safe: "\
Send `cont` as soon as the migration is completed, and be ready for it to be refused \
(`handover-intruder`). The gap is there however the destination is started: whoever opens \
images has to be kept away by the management while a guest moves. `handover-guarded` shows what a third party can do.",
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
    go_on(lab, "destination", "The destination is told to go on")?;
    lab.prove("disk.img after cont", "destination", IMAGE, Mode::Rw)
}

/// A guest that is across, and that nobody holds the image for.
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

/// A destination that takes its locks in two goes.
pub const PAUSED: Drill = Drill {
    name: "handover-paused",
    commands: "migrate, cont",
    summary: "A destination that waits for cont shares the image, and then runs without excluding anybody",
    about: "\
A destination with -S takes the image in two goes. When the migration ends it locks what it uses; \
that it shares nothing it says only when it is told `cont`. In between an opener that shares \
everything, such as qemu-io, is let in. `cont` then cannot exclude it: QEMU prints that, answers \
that all is well, and lets the guest run. The lock is not tried for again, not even by stop and \
cont, so every further such opener is let in beside a running guest. A destination that starts by \
itself takes its locks in two goes, too, within a millisecond.",
    safe: "\
Switch late-block-activate on at the destination: then `cont` takes all locks in one go and is \
refused when somebody is in the way. Otherwise read QEMU's log after `cont`, or look with `imglock \
holders` whether the destination excludes writers.",
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
    go_on(lab, "destination", "The destination is told to go on, and does")?;
    lab.must_complain("destination")?;
    let running = |place| DrillProof { place, holds: Mode::Rw, ..sharer };
    lab.prove_against(running("disk.img running beside it"))?;
    super::moves::third_leaves(lab)?;
    lab.prove_against(running("disk.img running after it"))?;
    lab.tell("destination", "The guest is stopped", &Command::bare("stop"))?;
    go_on(lab, "destination", "It goes on")?;
    lab.prove_against(running("disk.img after stop and cont"))
}

/// A disk as `-drive` makes it.
pub const POSIX_DRIVE: Drill = Drill {
    name: "handover-posix-drive",
    commands: "-drive, migrate",
    summary: "A guest that has lost its locks at the start gets a part of them back when it moves",
    about: "\
A disk told by -drive is opened auto-read-only. With POSIX locks it has lost them all before the \
guest runs, because the descriptor is replaced by one that can write. The destination opens it \
the same way and loses what it takes when the migration ends, but one lock is taken after that: \
that it does not share writing. So writers are refused from then on, and a reader that wants \
nobody to write is let in beside a guest that does.",
    safe: "\
Use a file system and a kernel with OFD locks (`imglock probe DIR` tells). Where there are none, \
start QEMU with -blockdev and auto-read-only=off.",
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
