use std::time::Instant;

use serde_json::json;

use super::variant::FileNode;
use crate::qemu::{Command, MACHINE, QemuProgram, Qmp, QmpError, outcome_of};
use imglock_core::{Mode, Outcome};
use imglock_engine::StepFailure;

/// A second QEMU, which tries to open an image that is in use.
///
/// The emulator plugs a SCSI disk, which opens the image in mode `rw`, `ro` or
/// `share-rw`. The storage daemon has no devices; there, a `blkdebug` node
/// makes the same claim.
#[derive(Debug, Default)]
pub(super) struct Intruder {
    tries: u32,
}

impl Intruder {
    /// Its command-line arguments.
    pub(super) fn arguments(program: QemuProgram) -> Vec<String> {
        let words: &[&str] = match program {
            QemuProgram::System => &["-machine", MACHINE, "-device", "virtio-scsi-pci,id=scsi"],
            _ => &[],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Opens an image in a mode.
    pub(super) fn open(
        &mut self,
        qmp: &mut Qmp,
        program: QemuProgram,
        image: &str,
        mode: Mode,
        deadline: Instant,
    ) -> Result<Outcome, StepFailure> {
        self.tries += 1;
        let node = self.node();
        let mut options = FileNode::ReadWrite.options(&node, image);
        options["read-only"] = (mode == Mode::Ro).into();
        let add = Command::new("blockdev-add", options);
        qmp.execute(&add, deadline)?;
        let answer = qmp.execute(&self.user(program, mode), deadline);
        let outcome = match answer {
            Ok(_) => return Ok(Outcome::Granted),
            Err(QmpError::Refused(why)) => outcome_of(&why)
                .ok_or_else(|| StepFailure::harness(format!("the second QEMU reported: {why}")))?,
            Err(error) => return Err(error.into()),
        };
        qmp.execute(&Command::delete(&node), deadline)?;
        Ok(outcome)
    }

    /// Closes the image.
    pub(super) fn close(
        &mut self,
        qmp: &mut Qmp,
        program: QemuProgram,
        deadline: Instant,
    ) -> Result<(), StepFailure> {
        let id = self.id();
        if program == QemuProgram::System {
            qmp.execute(&Command::new("device_del", json!({ "id": id })), deadline)?;
            qmp.await_event("DEVICE_DELETED", |data| data["device"] == id.as_str(), deadline)?;
        } else {
            qmp.execute(&Command::delete(&id), deadline)?;
        }
        // The event comes before the device has released its node.
        loop {
            match qmp.execute(&Command::delete(&self.node()), deadline) {
                Err(QmpError::Refused(_)) if Instant::now() < deadline => std::thread::yield_now(),
                other => return Ok(other.map(|_| ())?),
            }
        }
    }

    fn user(&self, program: QemuProgram, mode: Mode) -> Command {
        if program != QemuProgram::System {
            return Command::add_claim(&self.id(), &self.node(), mode.claim(), false);
        }
        let device = json!({
            "driver": "scsi-hd",
            "bus": "scsi.0",
            "id": self.id(),
            "drive": self.node(),
            "share-rw": mode == Mode::ShareRw,
        });
        Command::new("device_add", device)
    }

    fn node(&self) -> String {
        format!("file{}", self.tries)
    }

    fn id(&self) -> String {
        format!("disk{}", self.tries)
    }
}
