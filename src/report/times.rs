use std::time::Duration;

/// A time in its own unit, short to read: `81 µs`, `1.2 ms`, `12 ms`, `1.20 s`.
pub fn readable(time: Duration) -> String {
    match time.as_micros() {
        0..1_000 => format!("{} µs", time.as_micros()),
        1_000..10_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10_000..1_000_000 => format!("{:.0} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// As [`readable`], with nanoseconds below 10 µs: `930 ns`.
pub fn precise(time: Duration) -> String {
    match time.as_nanos() {
        nanoseconds @ 0..10_000 => format!("{nanoseconds} ns"),
        _ => readable(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, "0 µs")]
    #[case(999, "999 µs")]
    #[case(1_000, "1.0 ms")]
    #[case(12_345, "12 ms")]
    #[case(61_200_000, "61.20 s")]
    fn a_time_is_readable(#[case] microseconds: u64, #[case] expected: &str) {
        assert_eq!(readable(Duration::from_micros(microseconds)), expected);
    }
}
