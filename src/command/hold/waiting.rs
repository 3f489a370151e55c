use std::io::Write;
use std::time::{Duration, Instant};

use imglock_harness::holders::{answer, survey};
use imglock_harness::image::{AcquireError, Hold};

use super::signals::Signals;
use super::words;
use crate::cli::HoldArgs;
use crate::failure::{Failure, HoldFailure};
use crate::report::holders::text;

/// How long after a refusal it looks again. The kernel tells nobody when a
/// read lock is let go; a waiting request for a write lock would be told, but
/// it could then be granted, and refuse others.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Acquires, trying again until `--wait` is over.
///
/// In between it only asks, and locks nothing, so nobody is refused because of
/// it. `signals` end it.
pub(super) fn acquire(
    hold: &mut Hold,
    args: &HoldArgs,
    signals: &mut Signals,
    errors: &mut dyn Write,
) -> Result<(), Failure> {
    let start = Instant::now();
    // None for a time so long that it has no end.
    let deadline = start.checked_add(args.wait);
    let mut said = false;
    loop {
        let error = match hold.test().and_then(|()| hold.acquire()) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let now = Instant::now();
        if !error.is_conflict() || deadline.is_some_and(|deadline| deadline <= now) {
            return Err(given_up(args, error).into());
        }
        if !said {
            said = true;
            let _ = words::say_waiting(args, &error, errors);
        }
        let next = now + LOOK_AGAIN;
        let next = deadline.map_or(next, |deadline| deadline.min(next));
        if !signals.wait(Some(next)).map_err(Failure::Signals)?.is_empty() {
            return Err(Failure::Interrupted);
        }
    }
}

fn given_up(args: &HoldArgs, error: AcquireError) -> HoldFailure {
    let image = args.image.clone();
    if error.is_conflict() {
        let by = in_the_way(args);
        let (waited, exit) = (args.wait, args.conflict_exit_code);
        HoldFailure::Refused { image, error, by, waited, exit }
    } else {
        HoldFailure::NoLocks { image, error }
    }
}

/// Who is in the way, if that can still be seen: it may have gone by now.
fn in_the_way(args: &HoldArgs) -> Option<String> {
    let seen = survey(std::slice::from_ref(&args.image)).ok()?;
    let image = seen.images.first()?;
    let answer = answer(image, args.mode.claim());
    (!answer.is_granted()).then(|| text::in_the_way(image, &answer))
}
