//! Two measurements side by side in one run. A busy machine slows both alike,
//! so the ratio is the result.
//!
//! `cargo bench -- --short`, or `IMGLOCK_BENCH=short`, measures for a few
//! seconds, and fails where an aim is missed by more than half of it.

use std::time::{Duration, Instant};

/// The result of a measurement beside its floor.
pub struct Paired {
    pub ours: Duration,
    pub floor: Duration,
    pub ratio: f64,
}

/// Whether the short mode is requested.
pub fn is_short() -> bool {
    std::env::args().any(|argument| argument == "--short")
        || std::env::var_os("IMGLOCK_BENCH").is_some_and(|mode| mode == "short")
}

#[allow(dead_code, reason = "not every bench has two sizes")]
/// The first of two sizes, or the second in the short mode.
pub fn size<T>(whole: T, short: T) -> T {
    if is_short() { short } else { whole }
}

#[allow(dead_code, reason = "one of the benches measures memory")]
/// Runs both alternately and takes the medians, the ratio's too. Three rounds
/// at most in the short mode.
pub fn measure(rounds: usize, mut ours: impl FnMut(), mut floor: impl FnMut()) -> Paired {
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    let rounds = if is_short() { rounds.min(3) } else { rounds };
    let mut pairs = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        pairs.push((time(&mut ours), time(&mut floor)));
    }
    let median = |of: &dyn Fn(&(Duration, Duration)) -> f64| {
        let mut values: Vec<f64> = pairs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Paired {
        ours: Duration::from_secs_f64(median(&|pair| pair.0.as_secs_f64())),
        floor: Duration::from_secs_f64(median(&|pair| pair.1.as_secs_f64())),
        ratio: median(&|pair| pair.0.as_secs_f64() / pair.1.as_secs_f64()),
    }
}

#[allow(dead_code, reason = "some of the benches word their lines themselves")]
/// Prints one line; `times` is how much work one round did.
pub fn report(what: &str, floor: &str, paired: &Paired, times: u32, at_most: f64) {
    println!(
        "{what}: {:.2?}; {floor}: {:.2?}; ratio {:.2}, {} the {at_most} aimed at",
        paired.ours / times,
        paired.floor / times,
        paired.ratio,
        verdict(paired.ratio, at_most)
    );
    guard(what, paired.ratio, at_most);
}

/// The word for a ratio beside its aim.
pub fn verdict(ratio: f64, at_most: f64) -> &'static str {
    if ratio <= at_most { "within" } else { "ABOVE" }
}

/// Ends the bench in the short mode if the aim is missed by more than half.
pub fn guard(what: &str, ratio: f64, at_most: f64) {
    let limit = 1.5 * at_most;
    assert!(
        !is_short() || ratio <= limit,
        "{what}: the ratio {ratio:.2} is above {limit:.2}, which misses the aim of {at_most} by \
         more than half"
    );
}
