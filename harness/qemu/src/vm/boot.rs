use std::path::Path;
use std::time::Instant;

use super::init::GUEST;
use super::journal::{Entry, Journal};
use super::loss::{Loss, Stage};
use super::news::{Told, VmLimit, VmNews};
use super::order::{ORDER, Order};
use super::plan::{VmOptions, VmPlan};
use super::watch::{Heard, Patience, Watch, WatchEnd};
use crate::guest::{
    Accelerator, AcceleratorChoice, Console, ConsolePipe, Experience, Initramfs, Kernel, Machine,
    Memory, ModuleOrder,
};
use imglock_engine::{Boot, Execution, Launcher, ProcessError, StandardError};

/// One kernel of a plan, to be booted.
#[derive(Clone, Copy)]
pub(super) struct Booting<'a> {
    pub(super) plan: &'a VmPlan,
    pub(super) options: &'a VmOptions,
    pub(super) experience: &'a Experience,
    pub(super) kernel: &'a Kernel,
    pub(super) name: &'a str,
}

/// The end of one start of a kernel.
enum Attempt {
    /// All events were reported.
    Over,
    /// KVM cannot run this guest.
    NoLife,
}

/// The observer receives no further events.
pub(super) struct Unheard;

/// The receiver of events.
pub(super) type Tell<'a> = dyn FnMut(Told) -> Result<(), Unheard> + 'a;

impl Booting<'_> {
    /// Boots the kernel, under TCG if KVM cannot run it, and reports its
    /// events.
    ///
    /// # Errors
    /// If QEMU cannot be started, or the work is stopped.
    pub(super) fn run(self, tell: &mut Tell<'_>) -> Result<(), ProcessError> {
        loop {
            let accelerator = self.experience.accelerator(self.options.accelerator);
            match self.attempt(accelerator, tell)? {
                Attempt::Over => return Ok(()),
                Attempt::NoLife => self.experience.give_up_kvm(),
            }
        }
    }

    fn attempt(
        self,
        accelerator: Accelerator,
        tell: &mut Tell<'_>,
    ) -> Result<Attempt, ProcessError> {
        let Booting { plan, options, kernel, .. } = self;
        let refused = |what: &str, error: std::io::Error| {
            ProcessError::Refused(format!("{what}: {}", imglock_engine::describe(&error)))
        };
        let in_memory = |error| refused("cannot make an initramfs", error);
        let image = Memory::of(&[&kernel.image.bytes]).map_err(in_memory)?;
        let own = self.own_archive().map_err(in_memory)?;
        let initramfs = Memory::of(&[&plan.payload.archive, &own]).map_err(in_memory)?;

        let mut launcher = Launcher::start(&options.launcher)?;
        let directory = launcher.begin()?;
        let pipe = directory.join("console");
        let console = ConsolePipe::make(&pipe)
            .map_err(|error| refused("cannot make a pipe for the console", error))?;
        let machine = Machine {
            role: GUEST,
            accelerator,
            processors: options.processors,
            memory: options.memory_for(initramfs.length()),
            kernel: &image.path(),
            initramfs: &initramfs.path(),
            libraries: &plan.payload.libraries,
            more: &options.more,
            console: &pipe,
            devices: &[],
        };
        let started = Instant::now();
        let executed = launcher.execute(Execution {
            name: self.name.to_owned(),
            program: options.emulator.path.clone(),
            arguments: machine.arguments(),
            directory: Some(directory),
            answers_on_stdout: false,
            errors: StandardError::Log,
            deny_ofd: false,
        })?;

        let boot = Boot {
            image: kernel.file.clone(),
            accelerator: accelerator.name().to_owned(),
            complaints: Vec::new(),
        };
        let mut journal = Journal::new(self.name, boot, &plan.file_systems);
        let mut said = Console::default();
        let is_free = options.accelerator == AcceleratorChoice::Auto;
        let patience = Patience {
            life: (is_free && accelerator == Accelerator::Kvm).then_some(options.patience),
            boot: options.boot_timeout,
            silence: options.silence,
        };
        let stop = &options.launcher.stop;
        let watch = Watch::new(&executed, &console, patience, stop, &mut said)
            .map_err(|error| refused("cannot watch over QEMU", error))?;
        let mut unheard = tell(Told::News(VmNews::Started(accelerator))).is_err();
        let end = watch.watch(&mut |heard| {
            let news = match heard {
                Heard::Console(bytes) => Some(Told::News(VmNews::Console(bytes))),
                Heard::Hello => {
                    journal.has_begun();
                    Some(Told::News(VmNews::Booted(started.elapsed())))
                }
                Heard::Line(line) => match journal.take(&line)? {
                    Entry::Place(place) => Some(Told::Place(place)),
                    Entry::Result(result) => Some(Told::Result(result)),
                    Entry::Nothing => None,
                },
            };
            unheard |= news.is_some_and(|news| tell(news).is_err());
            // Without a receiver, there is no further work.
            if unheard { Err(Loss::PoweredOff(journal.stage())) } else { Ok(()) }
        });
        // This removes the QEMU process and its exit status.
        launcher.end()?;
        if matches!(end, WatchEnd::Stopped) {
            return Err(ProcessError::Stopped);
        }
        if patience.life.is_some()
            && !said.was_heard()
            && let Some(why) = without_life(&end)
        {
            let _ = tell(Told::News(VmNews::GaveUpKvm(why)));
            return Ok(Attempt::NoLife);
        }
        let loss = loss(end, journal.stage(), &said);
        let complaints = said.complaints().to_vec();
        let places = journal.close(kernel.release(), &complaints, loss.as_ref(), said.last_lines());
        let limit = match &loss {
            Some(Loss::Boot(_)) => Some(VmLimit::Boot),
            Some(Loss::Silent(..)) => Some(VmLimit::Silence),
            _ => None,
        };
        if let Some(limit) = limit {
            let _ = tell(Told::News(VmNews::TimedOut(limit)));
        }
        let _ = tell(Told::Over(places));
        Ok(Attempt::Over)
    }

    /// The files of this kernel only: its modules and its order.
    fn own_archive(self) -> std::io::Result<Vec<u8>> {
        let mut initramfs = Initramfs::new()?;
        let modules = ModuleOrder::put(&self.kernel.modules, &mut initramfs)?;
        let payload = &self.plan.payload;
        let order = Order {
            arguments: self.plan.arguments.clone(),
            path: payload.path.clone(),
            modules,
            files: payload.files.clone(),
            directory: payload.directory.clone(),
        };
        initramfs.plain(Path::new(ORDER), &serde_json::to_vec(&order)?)?;
        initramfs.finish()
    }
}

/// The reason why KVM cannot run this guest, if the guest ended without any
/// output. On a machine that is a guest itself, KVM may hang or make QEMU
/// abort.
fn without_life(end: &WatchEnd) -> Option<String> {
    match end {
        WatchEnd::NoLife(waited) => {
            Some(format!("no sign of life within {} s", waited.as_secs_f64()))
        }
        WatchEnd::MachineEnded { status, message } => {
            Some(Loss::Qemu { status: *status, message: message.clone() }.to_string())
        }
        _ => None,
    }
}

/// The way in which the kernel was lost, if it was.
fn loss(end: WatchEnd, at: Stage, said: &Console) -> Option<Loss> {
    if let (WatchEnd::MachineEnded { .. } | WatchEnd::NotUp(_) | WatchEnd::Silent(_), true) =
        (&end, said.fault().is_some() || said.panic().is_some())
    {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        return Some(Loss::Died { fault: owned(said.fault()), panic: owned(said.panic()), at });
    }
    Some(match end {
        WatchEnd::Ended(_) if at == Stage::Finished => return None,
        WatchEnd::Ended(status) => Loss::Run { status, at, said: said.last_error() },
        WatchEnd::MachineEnded { status: Some(0), message } if message.is_empty() => {
            Loss::PoweredOff(at)
        }
        WatchEnd::MachineEnded { status, message } => Loss::Qemu { status, message },
        WatchEnd::NoLife(waited) => Loss::NeverSpoke(waited),
        WatchEnd::NotUp(waited) => Loss::Boot(waited),
        WatchEnd::Silent(waited) => Loss::Silent(waited, at),
        WatchEnd::Told(loss) => loss,
        WatchEnd::Stopped => return None,
    })
}
