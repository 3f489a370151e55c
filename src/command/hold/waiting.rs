use std::io::Write;
use std::time::{Duration, Instant};

use imglock_locks::{AcquireError, Hold, survey, would_grant};

use super::signals::Signals;
use super::words;
use crate::cli::HoldArgs;
use crate::failure::{Failure, HoldFailure};
use crate::report::holders::text;

/// The pause between two attempts. The kernel gives no notice when a read lock
/// is released. A blocking request for a write lock would be woken, but it could
/// then be granted and refuse other openers.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Acquires the locks, with repeated attempts until the time of `--wait` is over
/// or a signal arrives.
///
/// Each attempt first tests for conflicts without locking, so that a waiting
/// imglock refuses no other opener.
pub(super) fn acquire(
    hold: &mut Hold,
    args: &HoldArgs,
    signals: &mut Signals,
    errors: &mut dyn Write,
) -> Result<(), Failure> {
    let start = Instant::now();
    // None if the deadline is beyond the range of Instant.
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
            let _ = words::waiting(args, &error, errors);
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

/// The conflicting holders in words, if they still hold the image.
fn in_the_way(args: &HoldArgs) -> Option<String> {
    let seen = survey(std::slice::from_ref(&args.image)).ok()?;
    let image = seen.images.first()?;
    let answer = would_grant(image, args.mode.claim());
    (!answer.is_granted()).then(|| text::in_the_way(image, &answer))
}
