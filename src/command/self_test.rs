use std::io::Write;
use std::sync::Arc;

use imglock_engine::{
    Fault, FaultFate, PrivateMounts, SelfTest, SelfTestPlan, SessionOptions, self_test as plant,
};

use super::{fault, matrix, place};
use crate::cli::{SelfTestArgs, chosen};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::library::Library;
use crate::output::Output;
use crate::report::{LiveJson, Progress, Work, self_test as report};
use crate::selection::{on_file_systems, select};

/// `imglock self-test`.
pub fn self_test(
    args: SelfTestArgs,
    quiet: bool,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let faults = faults(&args.faults)?;
    if args.list {
        report::list(&faults, output)?;
        output.flush()?;
        return Ok(ExitCode::AsExpected);
    }
    let scenarios = on_file_systems(select(&Library::embedded(), &[])?, &[])?;
    let mounts = PrivateMounts::if_needed(scenarios.iter().map(|scenario| &**scenario));
    let directory = args.place.images.directory();
    let stop = interrupt::stop_on_signals()?;
    let plan = SelfTestPlan {
        faults,
        hunters: args.hunters(),
        backends: args.backends.backends(),
        thorough: args.thorough,
        scenarios: scenarios.into(),
        matrix: Arc::new(matrix::stated()?),
        options: SessionOptions {
            mounts,
            ..place::session_options(&args.place, &directory, false, stop.clone())
        },
    };
    let mut file = LiveJson::create(args.long.report.as_deref(), &plan.unbegun())?;
    let progress = Progress::new(Work::Units("faults"), plan.faults.len() as u64, quiet);
    let mut unwritten = None;
    let tested = plant(&plan, &mut |state| {
        progress.reach((plan.faults.len() - state.count(FaultFate::Open)) as u64);
        progress.say(report::so_far(state));
        if let Err(failure) = file.update(state) {
            unwritten.get_or_insert(failure);
        }
    });
    drop(progress);
    let tested = tested?;
    report::write(&tested, output.terminal_width(), output)?;
    output.flush()?;
    file.finish(&tested)?;
    unwritten.map_or_else(|| exit(&tested, stop.is_stopped()), Err)
}

/// The faults with these names, once each, in the usual order; all without
/// names.
fn faults(names: &[String]) -> Result<Vec<Fault>, Failure> {
    let named = names.iter().map(|name| fault::named(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(chosen(Fault::ALL, &named))
}

fn exit(tested: &SelfTest, stopped: bool) -> Result<ExitCode, Failure> {
    if !tested.is_sound() {
        Ok(ExitCode::Failed)
    } else if !tested.complete && stopped {
        Ok(ExitCode::Interrupted)
    } else if tested.count(FaultFate::Survived) > 0 {
        Ok(ExitCode::Failed)
    } else if tested.count(FaultFate::Caught) == 0 {
        Err(Failure::NoFaultTried)
    } else {
        Ok(ExitCode::AsExpected)
    }
}
