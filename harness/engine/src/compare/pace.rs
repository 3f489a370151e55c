use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::run::ScenarioResult;
use imglock_core::Verdict;

/// What takes less counts as this: of so little most is chance.
const LEAST: Duration = Duration::from_millis(5);
/// Runs that it takes at least to say how fast a place is as a whole.
const ENOUGH: usize = 5;
/// How many times as far from the median as runs usually are counts as more
/// than chance.
const BEYOND_CHANCE: f64 = 4.0;

/// How long the runs of a place take, compared with before: a guest without
/// the host's processor is slower as a whole, and on a busy machine times are
/// all over the place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// How many times as long they take, in the median.
    pub median: f64,
    /// By which factor they usually differ from that, up or down: a standard
    /// deviation, from the median of the deviations, so that no single run
    /// decides it.
    pub spread: f64,
}

impl Pace {
    /// `None` where there are too few runs.
    pub(super) fn of(pairs: &[(&ScenarioResult, &ScenarioResult)]) -> Option<Pace> {
        let measured = pairs.iter().filter(|(old, new)| {
            both_passed(old, new) && !old.duration.is_zero() && !new.duration.is_zero()
        });
        let ratios: Vec<f64> =
            measured.map(|(old, new)| new.duration.div_duration_f64(old.duration).ln()).collect();
        if ratios.len() < ENOUGH {
            return None;
        }
        let middle = median(ratios.clone());
        let deviation = median(ratios.iter().map(|ratio| (ratio - middle).abs()).collect());
        // As it is for a normal distribution.
        let spread = (deviation * 1.4826).exp();
        Some(Pace { median: middle.exp(), spread })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// How many times as long `new` takes as `old`, where that is more than
/// `factor` by itself, more than `factor` beside the other runs of its place,
/// and more than their times vary anyway.
pub(super) fn slower(
    old: &ScenarioResult,
    new: &ScenarioResult,
    pace: Option<Pace>,
    factor: f64,
) -> Option<f64> {
    let ratio = new.duration.div_duration_f64(old.duration.max(LEAST));
    let Pace { median, spread } = pace.unwrap_or(Pace { median: 1.0, spread: 1.0 });
    let most = median.max(1.0) * factor.max(spread.powf(BEYOND_CHANCE));
    (both_passed(old, new) && ratio > most).then_some(ratio)
}

fn both_passed(old: &ScenarioResult, new: &ScenarioResult) -> bool {
    [old, new].iter().all(|result| result.verdict == Verdict::Passed)
}
