use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::address::{Mac, address_of};
use super::error::LanError;
use super::guest::LanGuest;
use super::hearing::Hearing;
use super::order::{ORDER, Order};
use super::plan::{GuestPlan, LanOptions};
use super::role::GUEST;
use super::share::GuestShare;
use super::switch::Switch;
use super::talk::Talk;
use crate::guest::{ConsolePipe, Initramfs, Machine, Memory, ModuleOrder, escaped};
use imglock_engine::{Execution, Launcher, ProcessHandle, StandardError, describe};

/// A network of guests. All guests end with this value, however this process
/// ends.
#[derive(Debug)]
pub struct Lan {
    options: LanOptions,
    launcher: Launcher,
    directory: PathBuf,
    switch: Switch,
    /// The names of the guests that have a port of the switch.
    plugged: BTreeSet<String>,
    /// The number of guests that were booted.
    booted: usize,
}

impl Lan {
    /// A network without guests.
    ///
    /// # Errors
    /// If the launcher or the switch cannot be started.
    pub fn start(options: LanOptions) -> Result<Lan, LanError> {
        let mut launcher = Launcher::start(&options.launcher)?;
        let directory = launcher.begin()?;
        let switch = Switch::start().map_err(here("cannot start the switch"))?;
        let plugged = BTreeSet::new();
        Ok(Lan { options, launcher, directory, switch, plugged, booted: 0 })
    }

    /// Starts a guest and returns at once ([`LanGuest::await_up`] waits). A
    /// guest that was switched off can be booted again under its name.
    ///
    /// # Errors
    /// If QEMU cannot be started.
    pub fn boot(&mut self, plan: &GuestPlan<'_>) -> Result<LanGuest, LanError> {
        self.booted += 1;
        let mac = Mac::of_guest(plan.number);
        let line = self.directory.join(format!("{}.line", plan.name));
        if self.plugged.insert(plan.name.to_owned()) {
            let plugged = self.switch.add_port(plan.name, mac, &line);
            plugged.map_err(here("cannot make a port of the switch"))?;
        }
        let image = [plan.kernel.image.bytes.as_slice()];
        let image = Memory::of(&image).map_err(here("cannot make an initramfs"))?;
        let own = own_archive(plan).map_err(here("cannot make an initramfs"))?;
        let initramfs =
            Memory::of(&[&plan.payload.archive, &own]).map_err(here("cannot make an initramfs"))?;
        let console = self.directory.join(format!("{}.{}.console", plan.name, self.booted));
        let pipe = ConsolePipe::make(&console).map_err(here("cannot make a pipe"))?;
        let unpacked = u32::try_from(2 * initramfs.length().div_ceil(1 << 20));
        let memory = plan.memory.saturating_add(unpacked.unwrap_or(u32::MAX));
        let mut devices = [&card(mac, &line), plan.devices].concat();
        let sockets = self.directory.join(format!("{}-{}", plan.name, self.booted));
        let limits = (self.options.patience, &self.options.launcher.stop);
        devices.extend(GuestShare::serve_all(
            plan.shares,
            memory,
            &sockets,
            &mut self.launcher,
            limits,
        )?);
        let machine = Machine {
            role: GUEST,
            accelerator: self.options.accelerator,
            // Guests with two processors under TCG were seen to die with an oops at an int3.
            processors: 1,
            memory,
            kernel: &image.path(),
            initramfs: &initramfs.path(),
            libraries: &plan.payload.libraries,
            // A machine that is busy fails the kernel's test of the timer, which panics then.
            more: &["no_timer_check".to_owned()],
            console: &console,
            devices: &devices,
        };
        let executed = self.launcher.execute(Execution {
            name: plan.name.to_owned(),
            program: self.options.emulator.path.clone(),
            arguments: machine.arguments(),
            directory: Some(self.directory.clone()),
            answers_on_stdout: false,
            errors: StandardError::Log,
            deny_ofd: false,
        })?;
        let port = executed.socket.try_clone().map_err(here("cannot copy a descriptor"))?;
        let process = ProcessHandle::open(executed.pid).map_err(here("cannot watch QEMU"))?;
        let hearing = Hearing::default();
        let stop = self.options.launcher.stop.clone();
        hearing.listen(executed, pipe, stop).map_err(here("cannot listen to a guest"))?;
        let talk = Talk::new(plan.name, self.options.patience, hearing, port);
        Ok(LanGuest::new(plan.number, talk, process, [image, initramfs]))
    }

    /// Loses all frames between two guests, by their names, from now on.
    pub fn cut(&self, one: &str, other: &str) {
        self.switch.cut(one, other);
    }

    /// Forwards the frames between two guests again.
    pub fn heal(&self, one: &str, other: &str) {
        self.switch.heal(one, other);
    }

    /// The directory for files of this network, which is removed at its end.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// QEMU's arguments for a network card on the switch. Without a ROM, the card
/// cannot be booted from.
fn card(mac: Mac, line: &Path) -> Vec<String> {
    let line = escaped(line);
    let netdev = format!("stream,id=lan,server=off,addr.type=unix,addr.path={line}");
    let device = format!("virtio-net-pci,netdev=lan,mac={mac},romfile=");
    [("-netdev", netdev), ("-device", device)]
        .into_iter()
        .flat_map(|(option, value)| [option.to_owned(), value])
        .collect()
}

/// The files of this guest only: its modules and its order.
fn own_archive(plan: &GuestPlan<'_>) -> std::io::Result<Vec<u8>> {
    let mut initramfs = Initramfs::new()?;
    let modules = ModuleOrder::put(&plan.kernel.modules, &mut initramfs)?;
    let order = Order {
        name: plan.name.to_owned(),
        address: address_of(plan.number),
        path: plan.payload.path.clone(),
        modules,
    };
    initramfs.plain(Path::new(ORDER), &serde_json::to_vec(&order)?)?;
    initramfs.finish()
}

/// An error of this machine.
fn here(what: &str) -> impl FnOnce(std::io::Error) -> LanError {
    move |error| LanError::Here { what: what.to_owned(), why: describe(&error) }
}
