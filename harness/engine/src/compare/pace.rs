use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::run::ScenarioResult;
use imglock_core::Verdict;

/// The minimum duration for comparisons. Shorter times are mostly noise.
const LEAST: Duration = Duration::from_millis(5);
/// The minimum number of runs for a statement about a place's speed.
const ENOUGH: usize = 5;
/// The multiple of the usual deviation from the median that is more than noise.
const BEYOND_CHANCE: f64 = 4.0;

/// The speed of a place's runs, compared with before. A guest without hardware
/// virtualisation is slower as a whole, and on a busy machine the times vary
/// widely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The median factor by which runs take longer.
    pub median: f64,
    /// The factor, up or down, by which runs usually differ from the median. It
    /// is a standard deviation, computed from the median of the deviations, so
    /// that no single run determines it.
    pub spread: f64,
}

impl Pace {
    /// `None` if there are too few runs.
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
        // The factor of a normal distribution.
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

/// The factor by which `new` takes longer than `old`; `None` unless it exceeds
/// `factor` by itself, exceeds `factor` relative to the other runs of its
/// place, and exceeds the usual variation of their times.
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
