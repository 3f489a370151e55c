//! `imglock hold`: this process holds the image, as flock(1) does.

mod running;
mod signals;
mod tool;
mod waiting;
mod words;

use std::io::Write;

use imglock_locks::Hold;

use crate::cli::HoldArgs;
use crate::exit::ExitCode;
use crate::failure::{Failure, HoldFailure};
use crate::output::Output;
use running::Running;
use signals::{ENDING, Signals};

/// `imglock hold`.
pub fn hold(args: HoldArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let mut errors = output.errors();
    let mut hold = Hold::open(&args.image, args.mode.claim(), args.locking)
        .map_err(|error| HoldFailure::Open { error, mode: args.mode })?;
    // If standard error is closed, the warnings are lost.
    let _ = words::warn(&args, &hold, &mut errors);
    let mut signals = Signals::catch(&ENDING).map_err(Failure::Signals)?;
    waiting::acquire(&mut hold, &args, &mut signals, &mut errors)?;
    if args.command.is_empty() {
        let _ = words::held(&args, &hold, &mut errors).and_then(|()| errors.flush());
        signals.wait(None).map_err(Failure::Signals)?;
        hold.give_up();
        return Ok(ExitCode::AsExpected);
    }
    let running = Running::start(&args, &hold, &mut signals)?;
    let ended = running.until_it_ends(&mut signals);
    // The locks are released after COMMAND has ended, not earlier. With
    // --inherit, another process may still have the descriptor and keep them.
    if !args.inherit {
        hold.give_up();
    }
    Ok(ended?)
}
