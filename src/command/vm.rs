use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc::channel;

use imglock_core::{FileSystem, PlaceName};
use imglock_engine::{
    Job, LauncherOptions, Maker, Place, ProcessError, ScenarioResult, StopToken, Tour,
    TourObserver, TourRecord,
};
use imglock_qemu::{
    GuestPayload, Kernel, KernelError, QemuProgram, VmEnd, VmLimit, VmNews, VmObserver, VmOptions,
    VmPlan, boot_all,
};

use super::console_files::ConsoleFiles;
use super::host::host;
use super::run_log::RunLog;
use super::{fault, place, run, subject};
use crate::cli::{RunArgs, VmArgs, once};
use crate::exit::ExitCode;
use crate::failure::{self, Failure};
use crate::interrupt;
use crate::library::Library;
use crate::output::Output;
use crate::phrase::quoted;
use crate::report::{Rerun, RunRecord};
use crate::selection;

/// `imglock vm`.
pub fn vm(args: VmArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    // All arguments are checked before the first guest boots.
    let guest = args.guest().map_err(Failure::NotInAGuest)?;
    let kinds = guest.file_systems();
    let jobs = run::planned(&guest, &kinds)?;
    let stop = interrupt::stop_on_signals()?;
    let options = options(&args, stop.clone())?;
    let plan = plan(&args, &guest, &jobs)?;
    let names = plan.names();

    let rerun = Rerun {
        guests: names
            .iter()
            .cloned()
            .zip(args.kernels.iter().map(|kernel| line(&args, kernel)))
            .collect(),
        deny_ofd: guest.subjects.deny_ofd,
        planted: fault::planted(&guest.plant)?,
        ..Rerun::default()
    };
    let host = args.host.then(|| host(&guest, &jobs, &names, &stop)).transpose()?;
    let made = |name: PlaceName| {
        kinds.iter().map(move |kind| PlaceName { file_system: Some(*kind), ..name.clone() })
    };
    let of_guest = |name: &String| {
        let here = PlaceName::HERE.under(name);
        if kinds.is_empty() { vec![here] } else { made(here).collect() }
    };
    let mut places: Vec<PlaceName> = host.iter().flat_map(Tour::places).collect();
    places.extend(names.iter().flat_map(of_guest));
    let record = RunRecord::new(TourRecord::new(jobs, places), rerun);
    let consoles = ConsoleFiles::create(args.console.as_deref(), &names)?;
    let log = RunLog::begin(record, args.report, guest.trace, quiet, output)?;
    let mut guests = Guests { names: &names, log, consoles, exceeded: BTreeSet::new() };
    let mut broken = match &host {
        None => None,
        Some(host) => host.go(&mut guests.log)?.broken.map(Failure::Harness),
    };
    if broken.is_none() {
        broken = match boot_all(&plan, &options, &mut guests) {
            Ok(()) | Err(VmEnd::Process(ProcessError::Stopped)) => None,
            Err(VmEnd::Process(error)) => Some(Failure::Harness(error.into())),
            Err(VmEnd::Observer(failure)) => Some(failure),
        };
    }
    let exceeded = guests.advice();
    let enter = |record: &mut RunRecord| {
        record.interrupted = stop.is_stopped() && !record.tour.is_complete();
    };
    let ended = guests.log.finish(enter, broken);
    exceeded.into_iter().for_each(|advice| failure::help(advice, output.errors()));
    ended
}

/// The log of the guests, and the files of their consoles.
struct Guests<'v, 'o> {
    names: &'v [String],
    log: RunLog<'o>,
    consoles: ConsoleFiles,
    exceeded: BTreeSet<&'static str>,
}

impl Guests<'_, '_> {
    /// The options that raise the limits which guests exceeded.
    fn advice(&self) -> Vec<&'static str> {
        self.exceeded.iter().copied().collect()
    }
}

impl TourObserver for Guests<'_, '_> {
    type Stop = Failure;

    fn arrive(&mut self, place: Place) -> Result<(), Failure> {
        self.log.arrive(place)
    }

    fn add(&mut self, result: ScenarioResult) -> Result<(), Failure> {
        self.log.add(result)
    }

    fn leave(&mut self, place: Place) -> Result<(), Failure> {
        self.log.leave(place)
    }
}

impl VmObserver for Guests<'_, '_> {
    fn news(&mut self, kernel: usize, news: VmNews) -> Result<(), Failure> {
        let name = self.names.get(kernel).map_or("", String::as_str);
        match news {
            VmNews::Started(accelerator) => {
                tracing::debug!("{name}: started under {}", accelerator.name());
            }
            VmNews::GaveUpKvm(why) => {
                self.log.hint(&format!(
                    "{name}: KVM does not work here ({why}); the guests run under TCG from now on, as with --accel tcg"
                ));
            }
            VmNews::Booted(after) => {
                tracing::debug!("{name}: its init reported after {:.1} s", after.as_secs_f64());
            }
            VmNews::Console(bytes) => self.consoles.write(kernel, &bytes)?,
            VmNews::TimedOut(limit) => {
                self.exceeded.insert(match limit {
                    VmLimit::Boot => "give a kernel more time to boot with --boot-timeout",
                    VmLimit::Silence => "allow a guest a longer silence with --timeout",
                });
            }
            _ => {}
        }
        Ok(())
    }
}

/// The options of the guests.
fn options(args: &VmArgs, stop: StopToken) -> Result<VmOptions, Failure> {
    let emulator =
        subject::found(&args.programs, &[QemuProgram::System])?.first(QemuProgram::System).cloned();
    let emulator = emulator.ok_or_else(|| Failure::NoPlayer {
        why: format!(
            "booting a kernel needs {}, which was not found",
            QemuProgram::System.file_name()
        ),
    })?;
    let cores = place::lanes(None);
    let processors = args.cpus.unwrap_or(if cores > 1 { 2 } else { 1 });
    let side_by_side = (cores / usize::from(processors)).max(1);
    Ok(VmOptions {
        emulator,
        accelerator: args.accel,
        patience: args.accel_patience,
        processors,
        memory: args.memory,
        more: args.more.clone(),
        boot_timeout: args.boot_timeout,
        silence: args.timeout,
        jobs: args.jobs.map_or(side_by_side, usize::from),
        launcher: LauncherOptions::new(std::env::temp_dir(), stop),
    })
}

/// The kernels and the run in each guest.
fn plan(args: &VmArgs, guest: &RunArgs, jobs: &[Job]) -> Result<VmPlan, Failure> {
    let file_systems = guest.file_systems();
    // Some scenarios mount an overlayfs on top of the file system that they run on.
    let mounts = jobs.iter().any(|job| job.scenario.mounts());
    let overlay = mounts.then_some(FileSystem::Overlay);
    let all = file_systems.iter().copied().chain(overlay).flat_map(FileSystem::modules);
    let modules = once(all.map(|module| (*module).to_owned()));
    let kernels = opened(args, &modules)?;
    let makers: Vec<&str> = file_systems
        .iter()
        .filter_map(|kind| Maker::of(*kind))
        .map(|maker| maker.program)
        .collect();
    let files = selection::files(&Library::embedded(), &guest.patterns)?;
    let payload = GuestPayload::pack(&makers, &files).map_err(Failure::Payload)?;
    let told = ["run", "--format", "json-lines"].map(str::to_owned);
    Ok(VmPlan {
        kernels,
        arguments: told.into_iter().chain(args.arguments.iter().cloned()).collect(),
        file_systems: file_systems.clone(),
        payload,
    })
}

/// The kernels, read in parallel because unpacking a package takes seconds.
fn opened(args: &VmArgs, modules: &[String]) -> Result<Vec<Kernel>, KernelError> {
    std::thread::scope(|scope| {
        let readers: Vec<_> = args
            .kernels
            .iter()
            .map(|file| {
                let (sender, kernel) = channel();
                scope.spawn(move || sender.send(Kernel::open(file, &args.modules, modules)));
                kernel
            })
            .collect();
        readers.into_iter().flat_map(|kernel| kernel.recv().ok()).collect()
    })
}

/// The command line that boots one kernel with the same options.
fn line(args: &VmArgs, kernel: &Path) -> String {
    let mut line = String::from("imglock vm");
    let mut add = |option: &str, value: &str| {
        line += &format!(" {option} {}", quoted(value));
    };
    add("--kernel", &kernel.display().to_string());
    args.modules.iter().for_each(|path| add("--modules", &path.display().to_string()));
    args.programs.qemu_dirs.iter().for_each(|path| add("--qemu-dir", &path.display().to_string()));
    if args.accel.name() != "auto" {
        add("--accel", args.accel.name());
    }
    args.cpus.iter().for_each(|cpus| add("--cpus", &cpus.to_string()));
    args.memory.iter().for_each(|memory| add("--memory", &memory.to_string()));
    args.more.iter().for_each(|words| add("--append", words));
    line
}
