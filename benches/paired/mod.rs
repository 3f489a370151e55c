//! Two measurements side by side in one run, so that a busy machine slows
//! both alike; what counts is the ratio.

use std::time::{Duration, Instant};

/// What came of measuring something beside its floor.
pub struct Paired {
    pub ours: Duration,
    pub floor: Duration,
    pub ratio: f64,
}

/// Runs both alternately and takes the medians, the ratio's too.
pub fn measure(rounds: usize, mut ours: impl FnMut(), mut floor: impl FnMut()) -> Paired {
    let time = |work: &mut dyn FnMut()| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
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

#[allow(dead_code, reason = "one of the benches words its line itself")]
/// Prints one line; `times` is how much work one round did.
pub fn report(what: &str, floor: &str, paired: &Paired, times: u32, at_most: f64) {
    let verdict = if paired.ratio <= at_most { "within" } else { "ABOVE" };
    println!(
        "{what}: {:.2?}; {floor}: {:.2?}; ratio {:.2}, {verdict} the {at_most} aimed at",
        paired.ours / times,
        paired.floor / times,
        paired.ratio
    );
}
