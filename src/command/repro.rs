use std::io::Write;
use std::ops::ControlFlow;

use imglock_harness::drill::{Drill, DrillResult, Exercise, practise};
use imglock_harness::run::{Environment, Verdict};

use super::place::lanes;
use super::practice::{drill_options, practice, unless_stopped};
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

/// Lists all of them, without carrying any out.
fn list(args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    match args.markdown {
        true => report::tables(output)?,
        false => report::list(output.width(), output)?,
    }
    output.flush()?;
    Ok(ExitCode::AsExpected)
}

/// Tells one drill: where the locks are lost, and then, in a sentence, what
/// the same commands do with OFD locks.
fn narrate(drill: &Drill, args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.folders)?;
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
    let exit = exit([&told].into_iter().chain(&control))?;
    let environment = Environment::at(&args.qemu.directory());
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

/// Carries out every drill under every condition with every QEMU.
fn all(args: &ReproArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let binaries = subject::found(&args.qemu.folders)?;
    let exercises = Exercise::all(&binaries);
    if exercises.is_empty() {
        return Err(Failure::NoPlayer { why: "there is no QEMU here".to_owned() });
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
    let practised = practise(&exercises, &binaries, &options, lanes(args.jobs), &mut take);
    written?;
    unless_stopped(&stop, practised)?;
    match args.json {
        true => report::json(&results.iter().collect::<Vec<_>>(), output)?,
        false => report::sum(&results, output)?,
    }
    output.flush()?;
    exit(results.iter())
}

fn exit<'a>(results: impl Iterator<Item = &'a DrillResult>) -> Result<ExitCode, Failure> {
    let results: Vec<&DrillResult> = results.collect();
    let any = |verdict| results.iter().find(|result| result.verdict == verdict);
    if any(Verdict::Failed).or(any(Verdict::TimedOut)).is_some() {
        return Ok(ExitCode::Failed);
    }
    match (any(Verdict::Passed), any(Verdict::Skipped)) {
        (None, Some(skipped)) => Err(Failure::NotTried { why: skipped.reason.clone() }),
        _ => Ok(ExitCode::AsExpected),
    }
}
