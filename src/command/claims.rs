use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use imglock_engine::{
    Arrangement, ClaimPlan, ClaimSweep, Environment, SessionOptions, Shard, claim_sweep,
};
use imglock_qemu::SubjectKind;
use serde::Deserialize;

use super::place;
use crate::cli::{Cast, ClaimArgs, MatrixArgs};
use crate::exit::ExitCode;
use crate::failure::{Failure, Written};
use crate::input;
use crate::interrupt;
use crate::output::Output;
use crate::report::claims::{self as report, Ending};
use crate::report::{LiveJson, Progress, Work};

/// `imglock matrix --all`.
pub fn claims(args: MatrixArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    if args.subjects.casts() != [Cast(vec![SubjectKind::Builtin])] {
        return Err(Failure::ClaimsOfQemu);
    }
    let directory = args.place.images.directory();
    let plan = plan(&args, &directory)?;
    if let Some(folder) = &args.claims.save {
        std::fs::create_dir_all(folder).map_err(Failure::unwritable(Written::Scenario, folder))?;
    }
    let stop = interrupt::stop_on_signals()?;
    let options = SessionOptions {
        deny_ofd: args.subjects.deny_ofd,
        ..place::session_options(&args.place, &directory, false, stop.clone())
    };
    let file = args.long.report.as_deref().or(args.claims.resume.as_deref());
    let sweep = work(&plan, &options, quiet, file)?;
    let saved = match &args.claims.save {
        Some(folder) => save(&sweep, folder)?,
        None => 0,
    };
    let ending = Ending {
        stopped: stop.is_stopped() && !sweep.complete,
        file,
        saved: args.claims.save.as_deref().zip(Some(saved)),
    };
    report::write(&sweep, &ending, output)?;
    output.flush()?;
    Ok(match sweep.differences() {
        _ if ending.stopped => ExitCode::Interrupted,
        0 => ExitCode::AsExpected,
        _ => ExitCode::Failed,
    })
}

/// The sweep to run. With `--resume`, it starts with the results of the earlier
/// report.
fn plan(args: &MatrixArgs, directory: &Path) -> Result<ClaimPlan, Failure> {
    let ClaimArgs { openers, shard, resume, .. } = &args.claims;
    let begun = resume.as_deref().map(read).transpose()?;
    let planned = begun.as_ref().map(|begun| (begun.openers, begun.shard));
    let plan = ClaimPlan {
        openers: openers.or(planned.map(|one| one.0)).unwrap_or_default(),
        arrangements: Arrangement::on(&args.backends.backends()),
        shard: shard.or(planned.map(|one| one.1)).unwrap_or(Shard::WHOLE),
        begun: None,
    };
    if let (Some(begun), Some(path)) = (&begun, resume)
        && let Some(why) = plan.obstacle(begun, &Environment::at(directory))
    {
        return Err(Failure::NotResumed { path: path.clone(), why });
    }
    Ok(ClaimPlan { begun, ..plan })
}

/// The report of an interrupted sweep.
fn read(path: &Path) -> Result<ClaimSweep, Failure> {
    #[derive(Deserialize)]
    struct Document {
        schema: u32,
        #[serde(flatten)]
        sweep: ClaimSweep,
    }
    let text = input::text(path)?;
    let no_sweep = |why: String| Failure::NotResumed { path: path.to_owned(), why };
    match serde_json::from_str(&text) {
        Ok(Document { schema: LiveJson::SCHEMA, sweep }) => Ok(sweep),
        Ok(Document { schema, .. }) => {
            Err(no_sweep(format!("schema: {schema} there, {} here", LiveJson::SCHEMA)))
        }
        Err(error) => Err(no_sweep(format!("it is not a report of `matrix --all`: {error}"))),
    }
}

fn work(
    plan: &ClaimPlan,
    options: &SessionOptions,
    quiet: bool,
    file: Option<&Path>,
) -> Result<ClaimSweep, Failure> {
    let begun = plan.begin(options);
    let mut live = LiveJson::create(file, &begun)?;
    let progress = Progress::new(Work::Units("cases"), begun.cases(), quiet);
    progress.reach(begun.cases_done());
    let mut unwritten = None;
    let sweep = claim_sweep(plan, options, &mut |sweep| {
        progress.reach(sweep.cases_done());
        if sweep.differences() > 0 {
            progress.say(format!("({} differ)", sweep.differences()));
        }
        match live.update(sweep) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                unwritten = Some(failure);
                ControlFlow::Break(())
            }
        }
    })?;
    drop(progress);
    match unwritten {
        Some(failure) => Err(failure),
        None => {
            live.finish(&sweep)?;
            Ok(sweep)
        }
    }
}

/// Writes each recorded difference to a file, and returns the number of files.
fn save(sweep: &ClaimSweep, folder: &Path) -> Result<usize, Failure> {
    let kept = sweep.arrangements.iter().flat_map(|swept| &swept.first_differences);
    let mut saved = 0;
    for difference in kept {
        let path = folder.join(format!("{}.kdl", difference.label()));
        std::fs::write(&path, difference.scenario().to_string())
            .map_err(Failure::unwritable(Written::Scenario, &path))?;
        saved += 1;
    }
    Ok(saved)
}
