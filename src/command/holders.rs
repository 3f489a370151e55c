use std::io::Write;
use std::time::{Duration, Instant};

use imglock_core::Mode;
use imglock_engine::{ReceiveError, StopToken};
use imglock_locks::{Forecast, Survey, survey, would_grant};

use crate::cli::HoldersArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::holders::{Clock, changes, json, text};

/// The shortest pause between two surveys.
const INTERVAL: Duration = Duration::from_millis(200);
/// Slow surveys may take at most one in `SHARE` parts of the time.
const SHARE: u32 = 5;

/// `imglock holders`.
pub fn holders(args: HoldersArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let seen = survey(&args.images)?;
    if args.watch {
        return watch(&args, seen, output);
    }
    // Standard output writes each line separately, which is slow for many holders.
    let mut whole = Vec::new();
    if args.json {
        json::document(&seen, &mut whole)?;
    } else {
        let width = output.width();
        text::Text { clock: &Clock::local(), width }.write(&seen, args.asked, &mut whole)?;
    }
    output.write_all(&whole)?;
    output.flush()?;
    Ok(exit(&seen, args.asked))
}

/// The exit code: whether the images are free, or would be granted. A known conflict counts before
/// an unknown answer.
fn exit(seen: &Survey, asked: Option<Mode>) -> ExitCode {
    let codes = seen.images.iter().map(|image| match asked {
        Some(mode) => match would_grant(image, mode.claim()).forecast {
            Forecast::Granted => ExitCode::AsExpected,
            Forecast::Refused(_) | Forecast::Fails(_) => ExitCode::Failed,
            Forecast::Unknown(_) => ExitCode::Environment,
        },
        None if image.is_held() => ExitCode::Failed,
        None if image.is_free() => ExitCode::AsExpected,
        None => ExitCode::Environment,
    });
    let codes: Vec<ExitCode> = codes.collect();
    let first = [ExitCode::Failed, ExitCode::Environment];
    first.into_iter().find(|code| codes.contains(code)).unwrap_or(ExitCode::AsExpected)
}

/// Repeats the survey until a signal arrives or the reader closes the pipe.
fn watch(args: &HoldersArgs, first: Survey, output: &mut Output) -> Result<ExitCode, Failure> {
    let stop = interrupt::stop_on_signals()?;
    if args.json {
        json::line(&first, output)?;
    } else {
        let width = output.width();
        text::Text { clock: &Clock::local(), width }.write(&first, None, output)?;
        writeln!(output, "\nWatching for changes; Ctrl-C ends the command.")?;
    }
    output.flush()?;
    let mut last = first;
    let mut took = Duration::ZERO;
    while output.has_reader() {
        if !wait(&stop, INTERVAL.max(took * (SHARE - 1))) {
            return Ok(ExitCode::Interrupted);
        }
        let began = Instant::now();
        let seen = survey(&args.images)?;
        took = began.elapsed();
        let clock = Clock::local();
        for change in changes::between(&last, &seen) {
            if args.json {
                json::change(&change, &clock, output)?;
            } else {
                changes::line(&change, &clock, seen.images.len() > 1, output)?;
            }
        }
        output.flush()?;
        last = seen;
    }
    Ok(ExitCode::AsExpected)
}

/// Waits for `time` and returns whether to continue; the stop token ends the
/// wait. The kernel gives no notice of changes in /proc/locks: the file can be
/// read repeatedly but not polled.
fn wait(stop: &StopToken, time: Duration) -> bool {
    matches!(stop.wait(Instant::now() + time), Err(ReceiveError::Timeout))
}
