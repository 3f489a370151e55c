//! Guests on one network, with the command as the program that all of them have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use imglock_engine::{LauncherOptions, StopToken, StopTrigger};
use imglock_qemu::{
    Accelerator, GuestPayload, GuestPlan, GuestPrograms, GuestShare, Kernel, Lan, LanGuest,
    LanOptions, QemuProgram,
};

use super::{is_met, qemu};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(90);
/// The program of all guests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_imglock");
/// MiB for a guest's kernel and its work.
const MEMORY: u32 = 192;

/// The programs for guests: the environment variable `IMGLOCK_GUEST_ROOT` names
/// a directory into which packages were unpacked.
pub fn programs() -> GuestPrograms {
    let root = std::env::var_os("IMGLOCK_GUEST_ROOT").filter(|root| !root.is_empty());
    GuestPrograms::new(root.map(PathBuf::from))
}

/// Whether guests can have these programs. If one is missing, the reason is
/// printed.
pub fn have(requirement: &str, names: &[&str]) -> bool {
    let programs = programs();
    let missing = names.iter().find(|name| programs.find(name).is_none());
    is_met(requirement, missing.map(|name| format!("{name} is not installed")))
}

/// A network of guests that runs one kernel.
pub struct Network {
    lan: Lan,
    kernel: Kernel,
    payloads: BTreeMap<Vec<String>, GuestPayload>,
    booted: u8,
    _trigger: StopTrigger,
}

impl Network {
    /// A network without guests. Each guest loads these modules.
    pub fn of(kernel: &Path, modules: &[&[&str]]) -> Network {
        let modules = [&[GuestPlan::MODULES], modules].concat().concat();
        let modules: Vec<String> = modules.into_iter().map(str::to_owned).collect();
        let kernel = Kernel::open(kernel, &[], &modules).expect("a kernel");
        let (trigger, stop) = StopToken::pair().expect("a pipe");
        let launcher = LauncherOptions {
            program: PROGRAM.into(),
            ..LauncherOptions::new(std::env::temp_dir(), stop)
        };
        let emulator = qemu::binaries().first(QemuProgram::System).expect("an emulator").clone();
        let accelerator = Accelerator::Tcg;
        let options = LanOptions { emulator, accelerator, patience: PATIENCE, launcher };
        let lan = Lan::start(options).expect("a network");
        Network { lan, kernel, payloads: BTreeMap::new(), booted: 0, _trigger: trigger }
    }

    /// Boots a guest, which has these programs if they are installed; it is up
    /// some seconds later.
    pub fn boot(&mut self, name: &str, names: &[&str]) -> LanGuest {
        self.boot_with(name, names, &[])
    }

    /// Like [`Network::boot`], with directories of this machine.
    pub fn boot_with(&mut self, name: &str, names: &[&str], shares: &[GuestShare]) -> LanGuest {
        self.booted += 1;
        let key = names.iter().map(|name| (*name).to_owned()).collect();
        let payload = self.payloads.entry(key).or_insert_with(|| {
            let packed = GuestPayload::pack_for(Path::new(PROGRAM), names, &programs(), &[]);
            packed.unwrap_or_else(|error| panic!("{error}"))
        });
        let (kernel, number, memory) = (&self.kernel, self.booted, MEMORY);
        let plan = GuestPlan { name, number, kernel, payload, memory, shares, devices: &[] };
        self.lan.boot(&plan).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Loses all frames between two guests.
    pub fn cut(&self, one: &LanGuest, other: &LanGuest) {
        self.lan.cut(one.name(), other.name());
    }

    /// Forwards the frames between two guests again.
    pub fn heal(&self, one: &LanGuest, other: &LanGuest) {
        self.lan.heal(one.name(), other.name());
    }
}
