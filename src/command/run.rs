use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use imglock_harness::lock::Backend;
use imglock_harness::qemu::Binary;
use imglock_harness::run::{Casting, Environment, Job, Session, SessionOptions, Verdict};
use imglock_harness::scenario::Scenario;
use imglock_harness::sweep::mode_table;

use super::{fault, matrix, place, subject};
use crate::cli::{ReportKind, RunArgs, RunFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::library::Library;
use crate::output::Output;
use crate::report::{
    Json, Ktap, MeasuredModes, Progress, ReportFiles, Reporter, Rerun, RunRecord, Summary,
    Terminal, Work,
};
use crate::selection::select;

/// `imglock run`.
pub fn run(args: RunArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let scenarios = select(&Library::embedded(), &args.patterns)?;
    let (scenarios, castings) = match args.mix {
        false => (scenarios, subject::castings(&args.subjects)?),
        true => (of_two_processes(scenarios)?, subject::mixed(&args.subjects)?),
    };
    let jobs = jobs(&scenarios, &args.backends.backends(), &castings)?;
    let mounts = place::mounts(jobs.iter().map(|job| &*job.scenario));
    let directory = place::directory(&args.place);
    let stop = interrupt::stop_on_signals()?;
    let planted = args.plant.as_deref().map(fault::named).transpose()?;
    let options = SessionOptions {
        deny_ofd: args.subjects.deny_ofd,
        mounts,
        fault: planted,
        ..place::session_options(&args.place, &directory, args.keep, stop.clone())
    };
    let rerun = Rerun {
        directory: args.place.dir,
        qemu_dirs: args.subjects.qemu_dirs,
        deny_ofd: args.subjects.deny_ofd,
        planted,
    };
    let environment =
        Environment { qemu: programs(&castings), planted, ..Environment::at(&directory) };
    let mut record = RunRecord::new(environment, jobs.clone(), rerun);
    record.mixed = args.mix;
    let wants_modes = args.reports.iter().any(|report| report.kind == ReportKind::Html);
    let mut files = ReportFiles::create(args.reports, &record)?;
    let mut reporter: Box<dyn Reporter> = match args.format {
        RunFormat::Human => Box::new(Terminal::new(output.width()).tracing(args.trace)),
        RunFormat::Json => Box::new(Json),
        RunFormat::Ktap => Box::new(Ktap),
    };

    let begin = Instant::now();
    let mut session = Session::start(jobs, options.clone())?;
    let progress = Progress::new(Work::Scenarios, record.planned.len() as u64, quiet);
    reporter.begin(&record, output)?;
    let mut broken = None;
    for result in &mut session {
        match result {
            Ok(result) => record.results.push(result),
            Err(error) => {
                broken = Some(Failure::Harness(error));
                break;
            }
        }
        record.elapsed = begin.elapsed();
        progress.advance();
        if let Some(result) = record.results.last() {
            progress.aside(|| reporter.ended(&record, result, output))?;
        }
        files.update(&record)?;
    }
    drop(progress);
    record.elapsed = begin.elapsed();
    record.interrupted = stop.is_stopped() && !record.is_complete();
    record.kept = session.kept().to_vec();
    // Ends the processes, so that nothing is left once the summary is read.
    drop(session);
    if wants_modes && broken.is_none() && !record.interrupted {
        let options = SessionOptions { keep: false, ..options };
        match measure_modes(&record, &options) {
            Ok(modes) => record.modes = modes,
            Err(_) if stop.is_stopped() => record.interrupted = true,
            Err(failure) => broken = Some(failure),
        }
    }
    reporter.finish(&record, output)?;
    output.flush()?;
    files.finish(&record)?;
    broken.map_or_else(|| exit(&record), Err)
}

/// The mode matrix on each backend that scenarios ran on.
fn measure_modes(
    record: &RunRecord,
    options: &SessionOptions,
) -> Result<Vec<MeasuredModes>, Failure> {
    let stated = matrix::stated()?;
    let ran = |backend: &Backend| {
        let of_backend = record.results.iter().filter(|result| result.backend == *backend);
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

/// Those that `--mix` plays.
fn of_two_processes(mut scenarios: Vec<Arc<Scenario>>) -> Result<Vec<Arc<Scenario>>, Failure> {
    scenarios.retain(|scenario| scenario.actors().len() == 2);
    if scenarios.is_empty() { Err(Failure::NoPairs) } else { Ok(scenarios) }
}

/// The programs that play in any of them, once each.
fn programs(castings: &[Casting]) -> Vec<Binary> {
    let mut programs: Vec<Binary> = castings.iter().flat_map(Casting::binaries).cloned().collect();
    programs.sort_by(|one, other| one.path.cmp(&other.path));
    programs.dedup();
    programs
}

/// Each scenario on each backend that it makes sense on and that was chosen,
/// with each casting.
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

fn exit(record: &RunRecord) -> Result<ExitCode, Failure> {
    let summary = Summary::of(&record.results);
    if record.interrupted {
        Ok(ExitCode::Interrupted)
    } else if !record.is_complete() {
        Err(Failure::Incomplete { ran: record.results.len(), planned: record.planned.len() })
    } else if summary.bad() > 0 || record.matrix_is_bad() || !record.mix_differences().is_empty() {
        Ok(ExitCode::Failed)
    } else if summary.passed == 0 {
        Err(Failure::NothingRan)
    } else {
        Ok(ExitCode::AsExpected)
    }
}
