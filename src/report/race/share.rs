//! Numbers of rounds, with their share of all rounds.

use imglock_engine::RaceSum;

use crate::phrase::grouped_count;

/// A number of rounds and its share of all rounds: `1,234 rounds (5.6%)`.
pub(super) fn rounds_of(number: u64, sum: &RaceSum) -> String {
    format!("{} ({})", grouped_count(number, "round", "rounds"), percent(number, sum))
}

/// The share of all rounds: `5.6%`. A number above 0 does not show as 0.
pub(super) fn percent(number: u64, sum: &RaceSum) -> String {
    let part = number as f64 * 100.0 / sum.rounds.max(1) as f64;
    if part > 0.0 && part < 0.1 { "<0.1%".to_owned() } else { format!("{part:.1}%") }
}
