use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use imglock_harness::lock::Backend;
use imglock_harness::run::{Environment, Job, Session};
use imglock_harness::scenario::Scenario;

use super::place;
use crate::cli::{RunArgs, RunFormat};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::library::Library;
use crate::output::Output;
use crate::report::{
    Json, Ktap, Progress, ReportFiles, Reporter, Rerun, RunRecord, Summary, Terminal,
};
use crate::selection::select;

/// `imglock run`.
pub fn run(args: RunArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let scenarios = select(&Library::embedded(), &args.patterns)?;
    let jobs = jobs(&scenarios, &args.backends.backends())?;
    let directory = place::directory(&args.place);
    let stop = interrupt::stop_on_signals()?;
    let options = place::session_options(&args.place, &directory, args.keep, stop.clone());
    let rerun = Rerun { directory: args.place.dir };
    let mut record = RunRecord::new(Environment::at(&directory), jobs.clone(), rerun);
    let mut files = ReportFiles::create(args.reports, &record)?;
    let mut reporter: Box<dyn Reporter> = match args.format {
        RunFormat::Human => Box::new(Terminal::new(output.width()).tracing(args.trace)),
        RunFormat::Json => Box::new(Json),
        RunFormat::Ktap => Box::new(Ktap),
    };

    let begin = Instant::now();
    let mut session = Session::start(jobs, options)?;
    let progress = Progress::new(record.planned.len(), quiet);
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
    reporter.finish(&record, output)?;
    output.flush()?;
    files.finish(&record)?;
    broken.map_or_else(|| exit(&record), Err)
}

/// Each scenario on each backend that it makes sense on and that was chosen.
fn jobs(scenarios: &[Arc<Scenario>], backends: &[Backend]) -> Result<Vec<Job>, Failure> {
    let of = |scenario: &Arc<Scenario>| {
        let scenario = Arc::clone(scenario);
        let chosen = backends.iter().filter(|backend| scenario.backends.contains(backend));
        chosen
            .map(|backend| Job { scenario: Arc::clone(&scenario), backend: *backend })
            .collect::<Vec<_>>()
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
    } else if summary.bad() > 0 {
        Ok(ExitCode::Failed)
    } else if summary.passed == 0 {
        Err(Failure::NothingRan)
    } else {
        Ok(ExitCode::AsExpected)
    }
}
