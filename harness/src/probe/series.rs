use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lock::Backend;

/// How long a lock outlives its killed holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Which kind of lock.
    pub backend: Backend,
    /// Whether the holder had registered the file with an io_uring instance.
    pub uring: bool,
    /// What came of it.
    pub timing: Timing,
}

/// What came of a series of kills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Timing {
    /// Every lock went, and this is when.
    Measured(Delays),
    /// It could not be tried here.
    NotTried {
        /// Why.
        why: String,
    },
    /// A lock was still there when the time that a step may take had passed.
    NotReleased,
}

/// Times of a series, accurate to the waking up of a process: some tens of
/// microseconds on an idle machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delays {
    /// How many times it was tried.
    pub rounds: usize,
    /// From the sending of SIGKILL until the lock was another's.
    pub from_kill: Spread,
    /// From the moment at which the process counted as dead (its pidfd said
    /// so) until the lock was another's; 0 where it was by then.
    pub after_exit: Spread,
}

/// A series of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Half of them are at most this long, in microseconds.
    pub median_us: u64,
    /// The longest, in microseconds.
    pub worst_us: u64,
}

impl Spread {
    /// Of these times; `None` when there are none.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Option<Spread> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let mut times: Vec<u64> = times.into_iter().map(micros).collect();
        times.sort_unstable();
        let median_us = *times.get(times.len().checked_sub(1)? / 2)?;
        Some(Spread { median_us, worst_us: *times.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::none(&[], None)]
    #[case::one(&[7], Some((7, 7)))]
    #[case::two(&[9, 7], Some((7, 9)))]
    #[case::three(&[90, 7, 8], Some((8, 90)))]
    fn a_spread_has_a_middle_and_a_longest(
        #[case] times: &[u64],
        #[case] expected: Option<(u64, u64)>,
    ) {
        let spread = Spread::of(times.iter().map(|time| Duration::from_micros(*time)));
        assert_eq!(spread.map(|spread| (spread.median_us, spread.worst_us)), expected);
    }
}
