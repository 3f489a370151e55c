use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::channel;

use imglock_harness::file_system::Maker;
use imglock_harness::process::{LauncherOptions, ProcessError, StopToken};
use imglock_harness::qemu::Program;
use imglock_harness::run::{HarnessError, Job, Place};
use imglock_harness::step::FileSystem;
use imglock_harness::vm::{
    Kernel, KernelError, Payload, VmEvent, VmNews, VmOptions, VmPlan, boot_all,
};

use super::console_files::ConsoleFiles;
use super::host::Host;
use super::run_log::RunLog;
use super::{fault, place, run, subject};
use crate::cli::{RunArgs, VmArgs, once};
use crate::exit::ExitCode;
use crate::failure::Failure;
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
    let (jobs, _) = run::planned(&guest, &kinds)?;
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
    let of_kernel = match kinds.as_slice() {
        [] => vec![None],
        kinds => kinds.iter().copied().map(Some).collect(),
    };
    let host = args.host.then(|| Host::new(&guest, &jobs, &names, &stop)).transpose()?;
    let mut grounds: Vec<_> = host.iter().flat_map(|host| host.kinds()).collect();
    grounds.extend(names.iter().flat_map(|_| of_kernel.clone()));
    let record = RunRecord::new(jobs.clone(), grounds, rerun);
    let mut consoles = ConsoleFiles::create(args.console.as_deref(), &names)?;
    let mut log = RunLog::begin(record, args.report, guest.trace, quiet, output)?;
    let mut failed = match &host {
        None => None,
        Some(host) => host.run(&jobs, &mut log)?,
    };
    let ended = match failed {
        Some(_) => Ok(()),
        None => boot_all(&plan, &options, &mut |event| {
            failed = tell(event, &names, &mut log, &mut consoles).err();
            if failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }),
    };
    let broken = match (failed, ended) {
        (Some(failure), _) => Some(failure),
        (None, Ok(()) | Err(ProcessError::Stopped)) => None,
        (None, Err(error)) => Some(Failure::Harness(HarnessError::Process(error))),
    };
    let enter = |record: &mut RunRecord| {
        record.places.sort_by_key(|place| number_of(place, &names));
        record.interrupted = stop.is_stopped() && !record.is_complete();
    };
    log.finish(enter, broken)
}

/// Passes an event of a guest to the log and the console files.
fn tell(
    VmEvent { kernel, what }: VmEvent,
    names: &[String],
    log: &mut RunLog<'_>,
    consoles: &mut ConsoleFiles,
) -> Result<(), Failure> {
    let name = names.get(kernel).map_or("", String::as_str);
    match what {
        VmNews::Started(accelerator) => {
            tracing::debug!("{name}: started under {}", accelerator.name());
        }
        VmNews::GaveUpKvm(why) => {
            log.hint(&format!(
                "{name}: KVM does not work here ({why}); the guests run under TCG from now on, as with --accel tcg"
            ));
        }
        VmNews::Booted(after) => {
            tracing::debug!("{name}: its init reported after {:.1} s", after.as_secs_f64());
        }
        VmNews::Console(bytes) => consoles.write(kernel, &bytes)?,
        VmNews::Place(place) => log.arrive(*place)?,
        VmNews::Result(result) => {
            let place = result.place.clone();
            log.add(&place, *result)?;
        }
        VmNews::Over(places) => {
            for place in places {
                if log.record().places.iter().all(|known| known.name != place.name) {
                    log.arrive(place.clone())?;
                }
                log.leave(place)?;
            }
        }
    }
    Ok(())
}

/// The number of the kernel that a place belongs to.
fn number_of(place: &Place, names: &[String]) -> Option<usize> {
    let kernel = place.name.split('/').next().unwrap_or_default();
    names.iter().position(|name| name == kernel)
}

/// The options of the guests.
fn options(args: &VmArgs, stop: StopToken) -> Result<VmOptions, Failure> {
    let emulator = subject::found(&args.programs)?.first(Program::System).cloned();
    let emulator = emulator.ok_or_else(|| Failure::NoPlayer {
        why: format!("booting a kernel needs {}, which was not found", Program::System.file_name()),
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
    let payload = Payload::pack(&makers, &files).map_err(Failure::Payload)?;
    let told = ["run", "--format", "json-lines"].map(str::to_owned);
    Ok(VmPlan {
        kernels,
        arguments: told.into_iter().chain(args.arguments.iter().cloned()).collect(),
        file_systems: file_systems.iter().map(|kind| kind.name().to_owned()).collect(),
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
