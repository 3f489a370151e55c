//! The common parts of the migration stories.

use serde_json::{Value, json};

use crate::drill::stories::nodes::machine;
use crate::drill::{FileNode, Lab};
use crate::qemu::{Command, IDLE_GUEST, IDLE_ROM, QemuProgram, QemuVersion, idle_rom};
use imglock_core::{Claim, Mode};
use imglock_engine::StepFailure;

/// The programs that can migrate a guest.
pub(super) const MOVERS: &[(QemuProgram, QemuVersion)] =
    &[(QemuProgram::System, QemuVersion::new(7, 2))];

/// The guest's disk, which both sides can reach.
pub(super) const IMAGE: &str = "disk.img";

/// The claim of a process without locks.
pub(super) const NOTHING: Claim = Claim::NOTHING;

/// The command-line arguments for a guest's disk.
pub(super) fn blockdev(lab: &Lab<'_>) -> Vec<String> {
    let node = lab.file("disk", IMAGE).to_string();
    ["-blockdev", &node, "-device", "virtio-blk-pci,drive=disk,id=vd"].map(str::to_owned).to_vec()
}

/// Creates the image, and the ROM of an idle guest.
pub(super) fn storage(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let rom = idle_rom().map_err(|_| {
        StepFailure::Cannot("the guest of this drill is a ROM for x86_64".to_owned())
    })?;
    lab.place(IDLE_ROM, &rom)?;
    lab.raw_image(IMAGE, 1 << 20)
}

/// Starts a running guest.
pub(super) fn source(
    lab: &mut Lab<'_>,
    actor: &str,
    disk: &[String],
    switches: &[&str],
) -> Result<(), StepFailure> {
    let arguments = [&guest()[..], disk].concat();
    lab.start_running(actor, "A guest is started; it runs, and halts its processor", &arguments)?;
    capabilities(lab, actor, switches)
}

/// The behaviour of a destination after the migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It continues by itself.
    Runs,
    /// It waits for `cont` (`-S`).
    Waits,
}

/// Starts a QEMU that waits for an incoming guest; returns its address.
pub(super) fn destination(
    lab: &mut Lab<'_>,
    actor: &str,
    disk: &[String],
    arrival: Arrival,
    switches: &[&str],
) -> Result<String, StepFailure> {
    let arguments = [&guest()[..], disk, &["-incoming", "defer"].map(str::to_owned)].concat();
    match arrival {
        Arrival::Runs => {
            let title = "The destination is started; the guest will continue there by itself";
            lab.start_running(actor, title, &arguments)?;
        }
        Arrival::Waits => {
            let title = "The destination is started with -S: once the guest is there, it waits";
            lab.start(actor, title, &arguments)?;
        }
    }
    capabilities(lab, actor, switches)?;
    let address = format!("unix:{actor}.sock");
    let listen = Command::new("migrate-incoming", json!({ "uri": address }));
    lab.tell(actor, "It listens", &listen)?;
    lab.must_hold(actor, IMAGE, NOTHING)?;
    Ok(address)
}

fn guest() -> Vec<String> {
    IDLE_GUEST.iter().map(|word| (*word).to_owned()).collect()
}

/// Enables migration capabilities, besides the events.
fn capabilities(lab: &mut Lab<'_>, actor: &str, names: &[&str]) -> Result<(), StepFailure> {
    let on = |name: &&str| json!({ "capability": name, "state": true });
    let all: Vec<Value> = ["events"].iter().chain(names).map(on).collect();
    let set = Command::new("migrate-set-capabilities", json!({ "capabilities": all }));
    let title = match names {
        [] => "It reports the state of migrations".to_owned(),
        names => format!("It reports the state of migrations, and uses {}", names.join(", ")),
    };
    lab.tell(actor, &title, &set).map(|_| ())
}

/// Whether a MIGRATION event reports this state.
pub(super) fn is(status: &str) -> impl Fn(&Value) -> bool + use<'_> {
    move |data| data["status"] == status
}

fn migrate(address: &str) -> Command {
    Command::new("migrate", json!({ "uri": address }))
}

/// Starts a migration that does not complete before [`hurry`].
pub(super) fn dawdle(lab: &mut Lab<'_>, actor: &str, address: &str) -> Result<(), StepFailure> {
    // A value below 10 is no limit at all.
    speed(lab, actor, "Its speed is limited to almost nothing", 100, 1)?;
    let title = "The migration begins, and memory is sent while the guest runs";
    lab.tell_until(actor, title, &migrate(address), "MIGRATION", is("active"))
}

/// Removes the speed limit of a migration started by [`dawdle`].
pub(super) fn hurry(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    speed(lab, actor, "Its speed limit is removed", 1 << 30, 300)
}

fn speed(
    lab: &mut Lab<'_>,
    actor: &str,
    title: &str,
    bytes: u64,
    downtime_ms: u64,
) -> Result<(), StepFailure> {
    let limits = json!({ "max-bandwidth": bytes, "downtime-limit": downtime_ms });
    lab.tell(actor, title, &Command::new("migrate-set-parameters", limits)).map(|_| ())
}

/// Migrates until the source, which has `pause-before-switchover`, has stopped
/// the guest and waits.
pub(super) fn to_the_switchover(
    lab: &mut Lab<'_>,
    actor: &str,
    address: &str,
) -> Result<(), StepFailure> {
    let title = "The guest's memory is sent; then the guest is stopped, before it is handed over";
    lab.tell_until(actor, title, &migrate(address), "MIGRATION", is("pre-switchover"))
}

/// Completes the migration of a source that waits before the switchover.
pub(super) fn switch_over(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    let title = "It hands over: it releases the image and sends the rest";
    let go_on = Command::new("migrate-continue", json!({ "state": "pre-switchover" }));
    lab.tell_until(actor, title, &go_on, "MIGRATION", is("completed"))?;
    lab.await_status(actor, "The source is done", "postmigrate")?;
    lab.must_hold(actor, IMAGE, NOTHING)
}

/// Waits until the destination has received everything.
pub(super) fn arrives(lab: &mut Lab<'_>, actor: &str) -> Result<(), StepFailure> {
    let title = "The destination has received everything";
    lab.await_event(actor, title, "MIGRATION", is("completed")).map(|_| ())
}

/// `cont`, which must succeed.
pub(super) fn go_on(lab: &mut Lab<'_>, actor: &str, title: &str) -> Result<(), StepFailure> {
    lab.tell_until(actor, title, &Command::bare("cont"), "RESUME", |_| true)
}

/// `cont`, which must be refused because of a lock and change nothing.
pub(super) fn go_on_in_vain(
    lab: &mut Lab<'_>,
    actor: &str,
    title: &str,
) -> Result<(), StepFailure> {
    let why = lab.tell_in_vain(actor, title, &Command::bare("cont"))?;
    lab.must_be_refused(&why)?;
    lab.must_hold(actor, IMAGE, NOTHING)
}

/// A third QEMU takes the image, in mode `rw` or `share-rw`.
pub(super) fn third_takes(lab: &mut Lab<'_>, mode: Mode) -> Result<(), StepFailure> {
    machine(lab, "third")?;
    let add = Command::new("blockdev-add", FileNode::ReadWrite.options("disk", IMAGE));
    lab.tell("third", "It opens the image", &add)?;
    let device = json!({
        "driver": "scsi-hd",
        "bus": "scsi.0",
        "id": "user",
        "drive": "disk",
        "share-rw": mode == Mode::ShareRw,
    });
    let title = format!("It uses it (mode {mode}), and is granted");
    lab.tell("third", &title, &Command::new("device_add", device))?;
    lab.must_hold("third", IMAGE, mode.claim())
}

/// The third QEMU releases the image.
pub(super) fn third_leaves(lab: &mut Lab<'_>) -> Result<(), StepFailure> {
    let delete = Command::new("device_del", json!({ "id": "user" }));
    let title = "It releases the image";
    lab.tell_until("third", title, &delete, "DEVICE_DELETED", |data| data["device"] == "user")?;
    // The event comes before the device has released its node.
    lab.await_claim("third", "It holds no lock any more", IMAGE, NOTHING)
}
