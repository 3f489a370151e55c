use std::time::Duration;

use crate::run::{ScenarioResult, Verdict};

/// What takes less counts as this: of so little most is chance. On a machine
/// with other work to do, runs of 10 ms were seen to take six times as long.
const LEAST: Duration = Duration::from_millis(50);
/// Runs that it takes at least to say how fast a place is as a whole.
const ENOUGH: usize = 5;

/// How many times as long runs take as before, in the median; a guest without
/// the host's processor is slower as a whole. `None` where there are too few.
pub(super) fn pace(pairs: &[(&ScenarioResult, &ScenarioResult)]) -> Option<f64> {
    let passed = pairs.iter().filter(|(old, new)| both_passed(old, new));
    let measured = passed.filter(|(old, _)| !old.duration.is_zero());
    let mut ratios: Vec<f64> =
        measured.map(|(old, new)| new.duration.div_duration_f64(old.duration)).collect();
    if ratios.len() < ENOUGH {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.len() / 2;
    Some(match ratios.len() % 2 {
        0 => f64::midpoint(ratios[middle - 1], ratios[middle]),
        _ => ratios[middle],
    })
}

/// How many times as long `new` takes as `old`, where that is more than
/// `factor` by itself, and also compared with how fast its place is.
pub(super) fn slower(
    old: &ScenarioResult,
    new: &ScenarioResult,
    pace: Option<f64>,
    factor: f64,
) -> Option<f64> {
    let ratio = new.duration.div_duration_f64(old.duration.max(LEAST));
    let usual = pace.unwrap_or(1.0).max(1.0);
    (both_passed(old, new) && ratio > factor * usual).then_some(ratio)
}

fn both_passed(old: &ScenarioResult, new: &ScenarioResult) -> bool {
    [old, new].iter().all(|result| result.verdict == Verdict::Passed)
}
