//! The watcher: a thread that polls two lock bytes as often as it can.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::prctl;

use super::data::HandoverGaps;
use imglock_core::{
    Backend, ByteLocks, LockError, LockType, Permission, RangeSpec, held_byte, unshared_byte,
};
use imglock_engine::{ReceiveError, StopToken, monotonic};
use imglock_locks::KernelLocks;

/// The pause between two polls. A thread that never waits uses up its share of
/// the processor, and is then suspended for milliseconds: on two busy
/// processors it missed twice as many gaps.
const PAUSE: Duration = Duration::from_micros(10);

/// The state of the lock bytes from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// In the time of [`monotonic`].
    at: Duration,
    seen: Seen,
}

/// The locked bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Whether `write` is held.
    held: bool,
    /// Whether `write` is not shared.
    unshared: bool,
}

/// Runs `work` while a thread watches the image; its first poll comes before.
/// The thread has normal priority: a higher one changes the result.
///
/// # Errors
/// If the image cannot be opened or polled.
pub(super) fn watching<T>(
    image: &Path,
    work: impl FnOnce() -> T,
) -> std::io::Result<(T, HandoverGaps)> {
    let file = File::options().read(true).write(true).open(image)?;
    let (end, done) = StopToken::pair()?;
    let (sender, has_begun) = channel();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&file, &done, sender));
        // If the thread fails, this returns as well, and the error follows
        // below.
        let _ = has_begun.recv();
        let came = work();
        end.stop();
        let watched =
            watcher.join().map_err(|_| std::io::Error::other("the watcher's thread panicked"))?;
        Ok((came, watched.map_err(|error| std::io::Error::from(error.errno()))?))
    })
}

fn watch(file: &File, done: &StopToken, begun: Sender<()>) -> Result<HandoverGaps, LockError> {
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    // The kernel's default timer slack makes such a pause five times as long.
    let _ = prctl::set_timerslack(1);
    let first = Change { seen: look(&mut locks)?, at: monotonic() };
    let mut changes = vec![first];
    let (mut last, mut seen, mut hole, mut looks) = (first.at, first.seen, Duration::ZERO, 1);
    let _ = begun.send(());
    let mut goes_on = true;
    while goes_on {
        // One more poll after the end, so that every time between polls is
        // counted.
        goes_on = matches!(done.wait(Instant::now() + PAUSE), Err(ReceiveError::Timeout));
        let now = Change { seen: look(&mut locks)?, at: monotonic() };
        hole = hole.max(now.at.saturating_sub(last));
        looks += 1;
        last = now.at;
        if now.seen != seen {
            seen = now.seen;
            changes.push(now);
        }
    }
    Ok(HandoverGaps {
        held_us: gap(&changes, |seen| seen.held).map(micros),
        unshared_us: gap(&changes, |seen| seen.unshared).map(micros),
        hole_us: micros(hole),
        looks,
    })
}

fn look(locks: &mut KernelLocks<'_>) -> Result<Seen, LockError> {
    let mut is_locked = |byte| {
        let blocker = locks.test(LockType::Write, RangeSpec::byte(byte))?;
        Ok::<bool, LockError>(blocker.is_some())
    };
    Ok(Seen {
        held: is_locked(held_byte(Permission::Write))?,
        unshared: is_locked(unshared_byte(Permission::Write))?,
    })
}

/// The time for which a byte was free between two holders; `None` if it was
/// never seen free.
fn gap(changes: &[Change], is_locked: impl Fn(Seen) -> bool) -> Option<Duration> {
    let mut rest = changes.iter().skip_while(|change| !is_locked(change.seen));
    let freed = rest.find(|change| !is_locked(change.seen))?;
    let taken = rest.find(|change| is_locked(change.seen))?;
    Some(taken.at.saturating_sub(freed.at))
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::{Locking, Mode};
    use imglock_locks::Hold;

    /// Observations at 0, 10, 20 ... microseconds: `w` for byte 101, `u` for
    /// byte 201.
    fn changes(text: &str) -> Vec<Change> {
        let change = |(number, word): (u64, &str)| Change {
            at: Duration::from_micros(10 * number),
            seen: Seen { held: word.contains('w'), unshared: word.contains('u') },
        };
        (0..).zip(text.split(' ')).map(change).collect()
    }

    #[rstest::rstest]
    #[case::never_free("wu", None, None)]
    #[case::free_and_taken("wu - wu", Some(10), Some(10))]
    #[case::the_last_byte_comes_later("wu - w wu", Some(10), Some(20))]
    #[case::only_one_is_ever_free("wu w wu", None, Some(10))]
    #[case::taken_by_nobody("wu -", None, None)]
    #[case::free_at_first("- wu - wu", Some(10), Some(10))]
    fn a_gap_is_between_two_that_lock(
        #[case] seen: &str,
        #[case] held: Option<u64>,
        #[case] unshared: Option<u64>,
    ) {
        let changes = changes(seen);
        assert_eq!(gap(&changes, |seen| seen.held).map(micros), held);
        assert_eq!(gap(&changes, |seen| seen.unshared).map(micros), unshared);
    }

    /// A gap that lasts until the watcher must have seen it.
    #[test]
    fn a_gap_between_two_holds_is_seen() {
        let image = tempfile::NamedTempFile::new().expect("a file");
        let hold = || {
            let mut hold = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto).expect("open");
            hold.acquire().expect("no lock conflicts");
            hold
        };
        let first = hold();
        let ((), gaps) = watching(image.path(), || {
            let until = |time: Duration| {
                while monotonic() < time {
                    std::thread::yield_now();
                }
            };
            until(monotonic() + Duration::from_millis(50));
            drop(first);
            until(monotonic() + Duration::from_millis(200));
            let _second = hold();
            until(monotonic() + Duration::from_millis(50));
        })
        .expect("watched");
        let held = gaps.held_us.expect("a gap was seen");
        assert!(held + gaps.hole_us >= 200_000, "{gaps:?}");
        assert!(gaps.unshared_us.is_some_and(|free| free + gaps.hole_us >= 200_000), "{gaps:?}");
        assert!(gaps.looks > 2, "{gaps:?}");
    }
}
