use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use imglock_engine::{
    Builtin, Casting, HarnessError, ProcessError, RaceCourse, RaceError, RacePlan, RaceSum,
    SessionOptions, race as run,
};
use imglock_scenario::{HistoryFile, Opening};
use serde::Serialize;

use super::{fault, seed, subject};
use crate::cli::RaceArgs;
use crate::exit::ExitCode;
use crate::failure::{Failure, Written};
use crate::interrupt;
use crate::output::Output;
use crate::report::{LiveJson, Progress, Work, race as report};

/// The state of all races, for the JSON report.
#[derive(Debug, Serialize)]
struct Races {
    /// Whether all planned races ended as planned.
    complete: bool,
    races: Vec<RaceSum>,
}

/// `imglock race`.
pub fn race(args: RaceArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let castings = subject::castings(&args.subjects)?;
    let mut races = Races { complete: false, races: Vec::new() };
    let mut json = LiveJson::create(args.long.report.as_deref(), &races)?;
    let stop = interrupt::stop_on_signals()?;
    let directory = args.images.directory();
    let options = SessionOptions {
        step_timeout: args.timeout,
        deny_ofd: args.subjects.deny_ofd,
        fault: fault::planted(&args.plant)?,
        ..SessionOptions::new(directory, stop.clone())
    };
    let seed = args.seed.unwrap_or_else(seed::from_clock);
    let backends = args.backends.backends();
    let all = castings.iter().flat_map(|cast| backends.iter().map(move |backend| (cast, *backend)));
    let plans: Vec<RacePlan> = all
        .map(|(casting, backend)| RacePlan { backend, ..plan(&args, casting.clone(), seed) })
        .collect();
    let mut history = match (&args.history, plans.len()) {
        (None, _) => None,
        (Some(path), 1) => Some(HistoryOf::create(path)?),
        (Some(_), races) => return Err(Failure::SeveralHistories { races }),
    };
    for (number, plan) in plans.iter().enumerate() {
        if number > 0 {
            writeln!(output)?;
        }
        let sum = one(plan, &options, quiet, &mut races, &mut json, history.as_mut())?;
        report::write(&sum, output)?;
        output.flush()?;
        if stop.is_stopped() {
            break;
        }
    }
    races.complete = races.races.len() == plans.len() && races.races.iter().all(|sum| sum.complete);
    json.finish(&races)?;
    Ok(match races.races.iter().all(RaceSum::holds) {
        _ if stop.is_stopped() => ExitCode::Interrupted,
        true => ExitCode::AsExpected,
        false => ExitCode::Failed,
    })
}

/// Runs one race and shows its progress. Afterwards its sum is the last of
/// `races`.
fn one(
    plan: &RacePlan,
    options: &SessionOptions,
    quiet: bool,
    races: &mut Races,
    json: &mut LiveJson,
    mut history: Option<&mut HistoryOf>,
) -> Result<RaceSum, Failure> {
    let progress = Progress::new(Work::Units("rounds"), plan.rounds.unwrap_or(0), quiet);
    let mut written = Ok(());
    let place = races.races.len();
    let sum = run(plan, options, &mut |course: &RaceCourse<'_>| {
        progress.reach(course.sum.rounds);
        races.races.truncate(place);
        races.races.push(course.sum.clone());
        if written.is_ok() {
            written = json.update(&*races);
        }
        if let (Ok(()), Some(history)) = (&written, &mut history) {
            written = history.add(course);
        }
    });
    written?;
    if let Some(history) = history {
        history.finish()?;
    }
    let sum = match sum {
        Err(RaceError::Harness(HarnessError::Process(ProcessError::Stopped))) => {
            return Err(Failure::Interrupted);
        }
        other => other?,
    };
    races.races.truncate(place);
    races.races.push(sum.clone());
    Ok(sum)
}

/// The file of `--history`. It is created before the race begins, so that an
/// unusable path is reported at once.
struct HistoryOf {
    path: PathBuf,
    stage: Stage,
}

enum Stage {
    Empty(File),
    Begun(HistoryFile<BufWriter<File>>),
    Ended,
}

impl HistoryOf {
    fn create(path: &Path) -> Result<HistoryOf, Failure> {
        let file = File::create(path).map_err(Failure::unwritable(Written::History, path))?;
        Ok(HistoryOf { path: path.to_owned(), stage: Stage::Empty(file) })
    }

    fn add(&mut self, course: &RaceCourse<'_>) -> Result<(), Failure> {
        let RaceCourse { terms, turns, .. } = course;
        let stays: Vec<Opening> = turns.iter().map(|turn| turn.stay).collect();
        let file = match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Empty(file) => HistoryFile::begin(BufWriter::new(file), terms),
            Stage::Begun(file) => Ok(file),
            Stage::Ended => return Ok(()),
        };
        let added = file.and_then(|mut file| file.add(&stays, terms).map(|()| file));
        self.stage = Stage::Begun(added.map_err(|source| self.failed(source))?);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Begun(file) => file.finish().map(|_| ()).map_err(|source| self.failed(source)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: io::Error) -> Failure {
        Failure::unwritable(Written::History, &self.path)(source)
    }
}

fn plan(args: &RaceArgs, casting: Casting, seed: u64) -> RacePlan {
    let builtin = casting.to_string() == Builtin::NAME;
    RacePlan {
        openers: args.openers.into(),
        sharing: args.sharing(builtin).into(),
        rounds: args.rounds(builtin),
        time: args.seconds,
        modes: args.modes(),
        seed,
        casting,
        first_breach: args.first_breach,
        // The caller sets the backend.
        ..RacePlan::new(imglock_core::Backend::Ofd)
    }
}
