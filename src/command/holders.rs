use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use imglock_core::Mode;
use imglock_engine::{ReceiveError, StopToken};
use imglock_locks::{Chain, ChainRules, ImageState, PathChange, Survey, Surveyor};

use crate::cli::HoldersArgs;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::report::holders::chain::Chains;
use crate::report::holders::changes::Moved;
use crate::report::holders::{Clock, changes, json, text};

/// The shortest pause between two surveys.
const INTERVAL: Duration = Duration::from_millis(200);
/// Slow surveys may take at most one in `SHARE` parts of the time.
const SHARE: u32 = 5;

/// `imglock holders`.
pub fn holders(args: HoldersArgs, output: &mut Output) -> Result<ExitCode, Failure> {
    let chains = Chains::of(args.images.iter().map(|image| chain(image, &args)).collect());
    let surveyor = Surveyor::new(&chains.paths())?;
    let seen = surveyor.survey_with_users()?;
    if args.watch {
        return watch(&args, &chains, surveyor, seen, output);
    }
    // Standard output writes each line separately, which is slow for many holders.
    let mut whole = Vec::new();
    if args.json {
        json::document(&seen, &chains, &mut whole)?;
    } else {
        let width = output.width();
        let text = text::Text { clock: &Clock::local(), width, chains: &chains };
        text.write(&seen, args.asked, &mut whole)?;
    }
    output.write_all(&whole)?;
    output.flush()?;
    Ok(exit(&seen, &chains, args.asked))
}

/// The files that QEMU opens with an image, as far as the user wants them.
fn chain(image: &Path, args: &HoldersArgs) -> Chain {
    if args.no_chain {
        return Chain::alone(image);
    }
    Chain::read(image, ChainRules { follow: args.follow, ..ChainRules::default() })
}

/// The exit code: whether the images that the user named are free, or would be granted with their
/// chains. A known conflict counts before an unknown answer.
fn exit(seen: &Survey, chains: &Chains, asked: Option<Mode>) -> ExitCode {
    let images = seen.images.iter().enumerate();
    let named = images.filter(|(number, _)| chains.named(*number).is_some());
    let codes = named.map(|(number, image)| match asked {
        Some(mode) => match chains.answer(seen, number, mode).and_then(|it| it.is_granted()) {
            Some(true) => ExitCode::AsExpected,
            Some(false) => ExitCode::Failed,
            None => ExitCode::Environment,
        },
        None => match image.state() {
            ImageState::Locked | ImageState::InUse => ExitCode::Failed,
            ImageState::Free => ExitCode::AsExpected,
            ImageState::Unknown => ExitCode::Environment,
        },
    });
    let codes: Vec<ExitCode> = codes.collect();
    let first = [ExitCode::Failed, ExitCode::Environment];
    first.into_iter().find(|code| codes.contains(code)).unwrap_or(ExitCode::AsExpected)
}

/// Repeats the survey until a signal arrives or the reader closes the pipe.
fn watch(
    args: &HoldersArgs,
    chains: &Chains,
    mut surveyor: Surveyor,
    first: Survey,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let stop = interrupt::stop_on_signals()?;
    if args.json {
        json::line(&first, chains, output)?;
    } else {
        let width = output.width();
        text::Text { clock: &Clock::local(), width, chains }.write(&first, None, output)?;
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
        let moves = surveyor.follow_paths();
        let seen = surveyor.survey()?;
        took = began.elapsed();
        let clock = Clock::local();
        for PathChange { image, now } in moves {
            let now = now.map(|now| &seen.images[now]);
            let moved = Moved { before: &seen.images[image], now };
            if args.json {
                json::path_change(&moved, &clock, output)?;
            } else {
                changes::moved(&moved, &clock, output)?;
            }
        }
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
