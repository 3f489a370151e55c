use std::io::Write;
use std::ops::ControlFlow;

use imglock_core::Verdict;
use imglock_engine::Environment;
use imglock_qemu::{Drill, DrillExercise, DrillResult, run_drills};

use super::place::lanes;
use super::practice::{drill_options, exit, practice, unless_stopped};
use super::subject;
use crate::cli::ReproArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::repro::{self as report, Narrative};

/// `imglock repro`.
pub fn repro(args: ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    match (args.drill, args.all) {
        (Some(drill), _) => narrate(drill, &args, output),
        (None, true) => all(&args, output),
        (None, false) => list(&args, output),
    }
}

/// Lists all drills and runs none.
fn list(args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    match args.markdown {
        true => report::tables(output)?,
        false => report::list(output.width(), output)?,
    }
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

/// Runs one drill where the locks are lost, and again with OFD locks, and
/// describes both.
fn narrate(drill: &Drill, args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.programs, &[])?;
    let player = drill.player(&binaries).map_err(|why| Failure::NoPlayer { why })?;
    let stop = interrupt::stop_on_signals()?;
    let mut practice = practice(&args.qemu, &stop)?;
    let variant = drill.worst();
    let mut run = |variant| unless_stopped(&stop, practice.run(drill, variant, player, &binaries));
    let told = run(variant)?;
    let control = match variant.with_ofd() {
        ofd if ofd == variant => None,
        ofd => Some(run(ofd)?),
    };
    let exit = exit([&told].into_iter().chain(&control).map(summary))?;
    let environment = Environment::at(&args.qemu.images.directory());
    let narrative = Narrative { drill, told: &told, control: control.as_ref(), environment };
    if args.json {
        report::json(&[&told].into_iter().chain(&control).collect::<Vec<_>>(), output)?;
    } else if args.markdown {
        report::markdown(&narrative, output)?;
    } else {
        report::terminal(&narrative, output.width(), output)?;
    }
    output.flush()?;
    Ok(exit)
}

/// Runs every drill under every condition with every QEMU.
fn all(args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.programs, &[])?;
    let exercises = DrillExercise::all(&binaries);
    if exercises.is_empty() {
        return Err(Failure::NoPlayer { why: "no QEMU was found".to_owned() });
    }
    let stop = interrupt::stop_on_signals()?;
    let options = drill_options(&args.qemu, &stop);
    let (mut results, mut written) = (Vec::new(), Ok(()));
    let mut take = |result: DrillResult| {
        if !args.json {
            written = report::line(&result, output).and_then(|()| output.flush());
        }
        results.push(result);
        if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let practised = run_drills(&exercises, &binaries, &options, lanes(args.jobs), &mut take);
    written?;
    unless_stopped(&stop, practised)?;
    match args.json {
        true => report::json(&results.iter().collect::<Vec<_>>(), output)?,
        false => report::sum(&results, output)?,
    }
    output.flush()?;
    exit(results.iter().map(summary))
}

fn summary(result: &DrillResult) -> (Verdict, &str) {
    (result.verdict, &result.reason)
}
