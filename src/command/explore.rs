use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use imglock_engine::{Exploration, ExplorePlan, Shard, explore as try_cases};
use imglock_scenario::Scenario;

use super::{place, seed};
use crate::cli::ExploreArgs;
use crate::exit::ExitCode;
use crate::failure::{Failure, Written};
use crate::interrupt;
use crate::output::Output;
use crate::report::explore::{self as report, Document};
use crate::report::{LiveJson, Progress, Work};

/// `imglock explore`.
pub fn explore(args: ExploreArgs, quiet: bool, output: &mut Output) -> Result<ExitCode, Failure> {
    let plans = plans(&args)?;
    let saving = args.save.as_deref().map(|to| Saving::new(to, &args, &plans)).transpose()?;
    let directory = args.place.images.directory();
    let stop = interrupt::stop_on_signals()?;
    let options = place::session_options(&args.place, &directory, false, stop.clone());
    let mut live = LiveJson::create(args.long.report.as_deref(), &Document::of(&[], None))?;
    let mut explored: Vec<Exploration> = Vec::new();
    for plan in &plans {
        let progress = Progress::new(Work::Units("cases"), plan.share(), quiet);
        let mut unwritten = None;
        let one = try_cases(plan, &options, &mut |so_far| {
            progress.reach(so_far.done);
            if !so_far.differences.is_empty() {
                progress.say(report::found(so_far.differences.len()));
            }
            unwritten =
                live.update(&Document::of(&explored, Some(so_far))).err().or(unwritten.take());
        })?;
        drop(progress);
        if let Some(failure) = unwritten {
            return Err(failure);
        }
        if !explored.is_empty() {
            writeln!(output)?;
        }
        if args.case.is_some() {
            writeln!(output, "{}", played(&one))?;
        }
        report::write(&one, &mut *output)?;
        if let Some(saving) = &saving {
            saving.save(&one, output)?;
        }
        output.flush()?;
        explored.push(one);
        if stop.is_stopped() {
            break;
        }
    }
    live.finish(&Document::of(&explored, None))?;
    let complete = explored.len() == plans.len() && explored.iter().all(|one| one.complete);
    Ok(if !complete {
        ExitCode::Interrupted
    } else if explored.iter().any(|one| !one.agrees()) {
        ExitCode::Failed
    } else {
        ExitCode::AsExpected
    })
}

fn plans(args: &ExploreArgs) -> Result<Vec<ExplorePlan>, Failure> {
    let seed = args.seed.unwrap_or_else(seed::from_clock);
    let plan = |backend| ExplorePlan {
        first: args.case.unwrap_or(0),
        steps: usize::from(args.steps),
        shard: args.shard.unwrap_or(Shard::WHOLE),
        ..ExplorePlan::new(backend, seed, args.case.map_or(args.cases, |_| 1))
    };
    let plans: Vec<ExplorePlan> = args.backends.backends().into_iter().map(plan).collect();
    match plans.iter().all(|plan| plan.share() == 0) {
        true => Err(Failure::NoCases),
        false => Ok(plans),
    }
}

/// The scenario of the only case, with the hazards that occurred.
fn played(explored: &Exploration) -> Scenario {
    let plan = &explored.plan;
    let hazards = explored.hazards.keys().copied().collect();
    let declared = (!explored.hazards.is_empty()).then_some((plan.backend, hazards));
    Scenario { hazards: BTreeMap::from_iter(declared), ..plan.case(plan.first).scenario() }
}

/// The target of `--save`.
enum Saving {
    /// The only case, written to this file.
    Case(PathBuf),
    /// Each difference, or the only case (`case`), written to its own file in
    /// this folder.
    Folder { folder: PathBuf, case: bool },
}

impl Saving {
    fn new(to: &Path, args: &ExploreArgs, plans: &[ExplorePlan]) -> Result<Saving, Failure> {
        let is_file = to.extension().is_some_and(|extension| extension == "kdl");
        match (is_file, args.case.is_some(), plans.len()) {
            (true, true, 1) => Ok(Saving::Case(to.to_owned())),
            (true, ..) => Err(Failure::SaveMany { path: to.to_owned() }),
            (false, case, _) => {
                let folder = to.to_owned();
                std::fs::create_dir_all(to).map_err(Failure::unwritable(Written::Scenario, to))?;
                Ok(Saving::Folder { folder, case })
            }
        }
    }

    fn save(&self, explored: &Exploration, output: &mut Output) -> Result<(), Failure> {
        let plan = &explored.plan;
        let name = |case: u64| format!("explore-{}-{}-{case}.kdl", plan.backend, plan.seed);
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        match self {
            Saving::Case(path) => {
                let difference = explored.differences.first();
                let text = difference.map(|difference| difference.scenario.clone());
                files.push((path.clone(), text.unwrap_or_else(|| played(explored).to_string())));
            }
            Saving::Folder { folder, case } => {
                for difference in &explored.differences {
                    files.push((folder.join(name(difference.case)), difference.scenario.clone()));
                }
                if *case && files.is_empty() && explored.done > 0 {
                    files.push((folder.join(name(plan.first)), played(explored).to_string()));
                }
            }
        }
        for (path, text) in files {
            std::fs::write(&path, text).map_err(Failure::unwritable(Written::Scenario, &path))?;
            report::saved(&path, output)?;
        }
        Ok(())
    }
}
