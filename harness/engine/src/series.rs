//! Summaries of series of times.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The median and the maximum of a series of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpread {
    /// The median, in microseconds.
    pub median_us: u64,
    /// The longest time, in microseconds.
    pub worst_us: u64,
}

impl TimeSpread {
    /// Summarises `times`; `None` if there are none.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Option<TimeSpread> {
        let all = Distribution::of(times)?;
        Some(all.spread)
    }
}

/// A series of times with its tails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The number of times.
    pub count: usize,
    /// The shortest time, in microseconds.
    pub shortest_us: u64,
    /// The median and the longest time.
    #[serde(flatten)]
    pub spread: TimeSpread,
    /// The 90th percentile, in microseconds.
    pub p90_us: u64,
}

impl Distribution {
    /// Summarises `times`; `None` if there are none.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Option<Distribution> {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let mut times: Vec<u64> = times.into_iter().map(micros).collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1)?;
        let (shortest_us, worst_us) = (times[0], times[last]);
        let (median_us, p90_us) = (times[last / 2], times[(times.len() * 9).div_ceil(10) - 1]);
        let spread = TimeSpread { median_us, worst_us };
        Some(Distribution { count: times.len(), shortest_us, spread, p90_us })
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
        let spread = TimeSpread::of(times.iter().map(|time| Duration::from_micros(*time)));
        assert_eq!(spread.map(|spread| (spread.median_us, spread.worst_us)), expected);
    }

    #[rstest::rstest]
    #[case::one(1, 1, 1)]
    #[case::nine(9, 1, 9)]
    #[case::ten(10, 1, 9)]
    #[case::eleven(11, 1, 10)]
    #[case::a_hundred(100, 1, 90)]
    fn a_distribution_has_a_shortest_and_nine_of_ten(
        #[case] last: u64,
        #[case] shortest: u64,
        #[case] p90: u64,
    ) {
        let times = (1..=last).rev().map(Duration::from_micros);
        let all = Distribution::of(times).expect("there are some");
        assert_eq!((all.shortest_us, all.p90_us, all.spread.worst_us), (shortest, p90, last));
    }
}
