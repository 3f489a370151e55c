//! A guest that migrates from QEMU to QEMU.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::data::Handling;
use crate::qemu::{Command, IDLE_GUEST, IDLE_ROM, Qemu, QemuBinary, QmpError, Start, idle_rom};
use imglock_engine::{Launcher, ProcessHandle, StepFailure, StopToken};

/// The image, in the directory of the chain.
const IMAGE: &str = "disk.img";
/// Its size in bytes.
const SIZE: u64 = 1 << 20;

/// A guest, its QEMU, and the means to move it.
pub(super) struct Chain<'a> {
    launcher: &'a mut Launcher,
    directory: PathBuf,
    binary: &'a QemuBinary,
    handling: Handling,
    timeout: Duration,
    stop: StopToken,
    source: Option<Qemu>,
    started: u32,
}

/// The source and the destination of a guest.
pub(super) struct Pair {
    pub(super) source: Qemu,
    pub(super) destination: Qemu,
    address: String,
}

impl<'a> Chain<'a> {
    /// Creates the image. No QEMU runs yet.
    pub(super) fn new(
        launcher: &'a mut Launcher,
        binary: &'a QemuBinary,
        handling: Handling,
        timeout: Duration,
        stop: StopToken,
    ) -> Result<Chain<'a>, StepFailure> {
        let directory = launcher.begin()?;
        let rom = idle_rom().map_err(|_| {
            StepFailure::Cannot("the guest for this measurement needs x86_64".to_owned())
        })?;
        std::fs::write(directory.join(IDLE_ROM), rom)?;
        std::fs::File::create_new(directory.join(IMAGE))?.set_len(SIZE)?;
        let (source, started) = (None, 0);
        Ok(Chain { launcher, directory, binary, handling, timeout, stop, source, started })
    }

    /// The image.
    pub(super) fn image(&self) -> PathBuf {
        self.directory.join(IMAGE)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// A running guest, and a destination that listens.
    pub(super) fn pair(&mut self) -> Result<Pair, StepFailure> {
        let source = match self.source.take() {
            Some(source) => source,
            None => self.start(true, &[])?,
        };
        let run = self.handling == Handling::Plain;
        let mut destination = self.start(run, &["-incoming", "defer"])?;
        if self.handling == Handling::Late {
            destination.qmp.execute(&capability("late-block-activate", true), self.deadline())?;
        }
        let address = format!("unix:{}.sock", self.started);
        let listen = Command::new("migrate-incoming", json!({ "uri": address }));
        destination.qmp.execute(&listen, self.deadline())?;
        Ok(Pair { source, destination, address })
    }

    /// Moves the guest, and sends `cont` where the destination waits for it.
    /// Returns QEMU's message if `cont` was refused.
    pub(super) fn hand_over(&self, pair: &mut Pair) -> Result<Option<String>, StepFailure> {
        let Pair { source, destination, address } = pair;
        let deadline = self.deadline();
        let completed = |data: &Value| data["status"] == "completed";
        source.qmp.execute(&Command::new("migrate", json!({ "uri": address })), deadline)?;
        destination.qmp.await_event("MIGRATION", completed, deadline)?;
        let refused = match self.handling {
            Handling::Plain => None,
            Handling::Paused | Handling::Late => go_on(destination, deadline)?,
        };
        source.qmp.await_event("MIGRATION", completed, deadline)?;
        Ok(refused)
    }

    /// Queries the run state.
    pub(super) fn status(&self, qemu: &mut Qemu) -> Result<String, StepFailure> {
        let answer = qemu.qmp.execute(&Command::bare("query-status"), self.deadline())?;
        Ok(answer["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends `cont` again to a paused guest; returns whether it runs then.
    pub(super) fn again(&self, qemu: &mut Qemu) -> Result<bool, StepFailure> {
        Ok(go_on(qemu, self.deadline())?.is_none())
    }

    /// Ends the source. The destination is the next source.
    pub(super) fn forward(&mut self, pair: Pair) -> Result<(), StepFailure> {
        let Pair { source, mut destination, .. } = pair;
        self.kill(&source)?;
        if self.handling == Handling::Late {
            // This capability concerns the incoming migration and would disturb
            // the outgoing one.
            destination.qmp.execute(&capability("late-block-activate", false), self.deadline())?;
        }
        self.source = Some(destination);
        Ok(())
    }

    /// Ends source and destination. The next guest is a new one.
    pub(super) fn abandon(&self, pair: &Pair) -> Result<(), StepFailure> {
        self.kill(&pair.source)?;
        self.kill(&pair.destination)
    }

    fn kill(&self, qemu: &Qemu) -> Result<(), StepFailure> {
        let process = ProcessHandle::open(qemu.pid)?;
        process.kill()?;
        Ok(process.await_exit(self.deadline(), &self.stop)?)
    }

    fn start(&mut self, run_guest: bool, words: &[&str]) -> Result<Qemu, StepFailure> {
        self.started += 1;
        let node = json!({ "driver": "file", "node-name": "disk", "filename": IMAGE });
        let node = node.to_string();
        let disk = ["-blockdev", node.as_str(), "-device", "virtio-blk-pci,drive=disk,id=vd"];
        let arguments: Vec<String> =
            [IDLE_GUEST, &disk, words].concat().into_iter().map(str::to_owned).collect();
        let name = format!("vm{}", self.started);
        let start = Start {
            binary: self.binary,
            name: &name,
            arguments: &arguments,
            run_guest,
            directory: Some(Path::new(&self.directory)),
            deny_ofd: false,
        };
        let deadline = self.deadline();
        let mut qemu = Qemu::start(self.launcher, &start, &self.stop, deadline)?;
        qemu.qmp.execute(&capability("events", true), deadline)?;
        Ok(qemu)
    }

    /// Ends all processes.
    pub(super) fn end(self) -> Result<(), StepFailure> {
        Ok(self.launcher.end()?)
    }
}

fn go_on(qemu: &mut Qemu, deadline: Instant) -> Result<Option<String>, StepFailure> {
    match qemu.qmp.execute(&Command::bare("cont"), deadline) {
        Ok(_) => Ok(None),
        Err(QmpError::Refused(why)) => Ok(Some(why)),
        Err(error) => Err(error.into()),
    }
}

fn capability(name: &str, state: bool) -> Command {
    let all = json!({ "capabilities": [{ "capability": name, "state": state }] });
    Command::new("migrate-set-capabilities", all)
}
