//! `imglock hold`: an image is held in this very process, like flock(1) does.

mod running;
mod signals;
mod waiting;
mod words;

use std::io::Write;

use imglock_harness::image::Hold;

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
    // Nobody is left to be told when standard error is gone.
    let _ = words::warn(&args, &hold, &mut errors);
    let mut signals = Signals::catch(&ENDING).map_err(Failure::Signals)?;
    waiting::acquire(&mut hold, &args, &mut signals, &mut errors)?;
    if args.command.is_empty() {
        let _ = words::say_held(&args, &hold, &mut errors).and_then(|()| errors.flush());
        signals.wait(None).map_err(Failure::Signals)?;
        hold.give_up();
        return Ok(ExitCode::AsExpected);
    }
    let running = Running::start(&args, &hold, &mut signals)?;
    let ended = running.until_it_ends(&mut signals);
    // The hold is let go once the command has ended, not earlier; and where
    // the command could pass it on, that is for others to do.
    if !args.inherit {
        hold.give_up();
    }
    Ok(ended?)
}
