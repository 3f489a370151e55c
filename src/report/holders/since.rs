use std::time::SystemTime;

use jiff::{Timestamp, Zoned};

/// `2026-11-22 23:01:12 (for 3 min)`, in the time zone of `now`.
pub fn since(started: SystemTime, now: &Zoned) -> Option<String> {
    let started = Timestamp::try_from(started).ok()?;
    let age = now.timestamp().as_second().saturating_sub(started.as_second()).max(0);
    let local = started.to_zoned(now.time_zone().clone());
    Some(format!("{} (for {})", local.strftime("%Y-%m-%d %H:%M:%S"), length(age)))
}

/// `2026-11-22T23:01:12Z`.
pub fn iso(time: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(time).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A length of time in readable units.
fn length(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h {} min", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{} d {} h", seconds / DAY, seconds % DAY / HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(0, "0 s")]
    #[case(59, "59 s")]
    #[case(60, "1 min")]
    #[case(3_599, "59 min")]
    #[case(8_160, "2 h 16 min")]
    #[case(86_400, "1 d 0 h")]
    #[case(1_000_000, "11 d 13 h")]
    fn a_length_of_time_is_readable(#[case] seconds: i64, #[case] expected: &str) {
        assert_eq!(length(seconds), expected);
    }
}
