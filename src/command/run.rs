use std::sync::Arc;

use imglock_core::{Backend, FileSystem, Verdict};
use imglock_engine::{Casting, Job, SessionOptions, Tour, TourEnd, TourRecord, mode_table};
use imglock_scenario::Scenario;

use super::run_log::RunLog;
use super::{fault, matrix, place, subject};
use crate::cli::{ReportKind, RunArgs};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::library::Library;
use crate::output::Output;
use crate::report::{MeasuredModes, Rerun, RunRecord};
use crate::selection::{on_file_systems, select};

/// `imglock run`.
pub fn run(args: RunArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let kinds = args.file_systems();
    let jobs = planned(&args, &kinds)?;
    let stop = interrupt::stop_on_signals()?;
    let planted = fault::planted(&args.plant)?;
    let directory = args.place.images.directory();
    let options = SessionOptions {
        deny_ofd: args.subjects.deny_ofd,
        fault: planted,
        ..place::session_options(&args.place, &directory, args.keep, stop.clone())
    };
    let tour = Tour::prepare(jobs, &kinds, options)?;
    let rerun = Rerun {
        directory: args.place.images.dir,
        qemu_dirs: args.subjects.programs.qemu_dirs,
        deny_ofd: args.subjects.deny_ofd,
        planted,
        ..Rerun::default()
    };
    let mut record = RunRecord::new(TourRecord::new(tour.jobs().to_vec(), tour.places()), rerun);
    record.mixed = args.mix;
    let wants_modes = args.report.reports.iter().any(|report| report.kind == ReportKind::Html);

    let mut log = RunLog::begin(record, args.report, args.trace, quiet, output)?;
    let TourEnd { kept, broken } = tour.go(&mut log)?;
    let mut broken = broken.map(Failure::Harness);
    let mut modes = Vec::new();
    let is_whole = log.record().tour.is_complete() && !log.record().tour.has_named_places();
    if wants_modes && broken.is_none() && is_whole {
        match measure_modes(log.record(), &SessionOptions { keep: false, ..tour.options().clone() })
        {
            Ok(measured) => modes = measured,
            Err(_) if stop.is_stopped() => {}
            Err(failure) => broken = Some(failure),
        }
    }
    let enter = |record: &mut RunRecord| {
        record.kept = kept;
        let misses_modes = wants_modes && is_whole && modes.is_empty();
        record.interrupted = stop.is_stopped() && (!record.tour.is_complete() || misses_modes);
        record.modes = modes;
    };
    log.finish(enter, broken)
}

/// The jobs to run at each place.
pub fn planned(args: &RunArgs, kinds: &[FileSystem]) -> Result<Vec<Job>, Failure> {
    let scenarios = on_file_systems(select(&Library::embedded(), &args.patterns)?, kinds)?;
    let (scenarios, castings) = match args.mix {
        false => (scenarios, subject::castings(&args.subjects)?),
        true => (of_two_processes(scenarios)?, subject::mixed(&args.subjects)?),
    };
    let mut jobs = jobs(&scenarios, &args.backends.backends(), &castings)?;
    if let Some(shard) = args.shard {
        let mut number = 0..;
        jobs.retain(|_| number.next().is_some_and(|number| shard.has(number)));
    }
    if jobs.is_empty() { Err(Failure::EmptyShard) } else { Ok(jobs) }
}

/// Measures the mode matrix on each backend that scenarios ran on.
fn measure_modes(
    record: &RunRecord,
    options: &SessionOptions,
) -> Result<Vec<MeasuredModes>, Failure> {
    let stated = matrix::stated()?;
    let ran = |backend: &Backend| {
        let of_backend = record.tour.results.iter().filter(|result| result.backend == *backend);
        of_backend.into_iter().any(|result| result.verdict != Verdict::Skipped)
    };
    let measure = |backend| {
        let table = mode_table(backend, &Casting::default(), options)?;
        Ok(MeasuredModes {
            backend,
            cells: table.cells().map(|(pair, outcome)| (pair, outcome.clone())).collect(),
            differences: table.differences(&stated),
            objections: table.findings,
        })
    };
    Backend::ALL.into_iter().filter(ran).map(measure).collect()
}

/// The scenarios for `--mix`.
fn of_two_processes(mut scenarios: Vec<Arc<Scenario>>) -> Result<Vec<Arc<Scenario>>, Failure> {
    scenarios.retain(|scenario| scenario.actors().len() == 2);
    if scenarios.is_empty() { Err(Failure::NoPairs) } else { Ok(scenarios) }
}

/// One job for each scenario, each chosen backend that it supports, and each
/// casting.
fn jobs(
    scenarios: &[Arc<Scenario>],
    backends: &[Backend],
    castings: &[Casting],
) -> Result<Vec<Job>, Failure> {
    let of = |scenario: &Arc<Scenario>| {
        let chosen = backends.iter().filter(|backend| scenario.backends.contains(backend));
        let scenario = Arc::clone(scenario);
        let on = move |backend: &Backend| {
            let (scenario, backend) = (Arc::clone(&scenario), *backend);
            let job = move |casting: &Casting| Job {
                scenario: Arc::clone(&scenario),
                backend,
                casting: casting.clone(),
            };
            castings.iter().map(job)
        };
        chosen.flat_map(on).collect::<Vec<_>>()
    };
    let jobs: Vec<Job> = scenarios.iter().flat_map(of).collect();
    if jobs.is_empty() {
        return Err(Failure::NoBackend { backends: backends.to_vec() });
    }
    Ok(jobs)
}
