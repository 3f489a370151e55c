use std::time::SystemTime;

use chrono::{DateTime, FixedOffset, Local, Utc};

/// The time, and the time zone to print times in.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The time.
    pub now: DateTime<Utc>,
    /// The time zone's offset at a time. With daylight saving it changes.
    pub offset: fn(DateTime<Utc>) -> FixedOffset,
}

impl Clock {
    /// The clock of this machine.
    pub fn local() -> Clock {
        Clock { now: Utc::now(), offset: |time| *time.with_timezone(&Local).offset() }
    }

    /// Such a time in the time zone, as `strftime` has it.
    pub fn format(&self, time: DateTime<Utc>, format: &str) -> String {
        time.with_timezone(&(self.offset)(time)).format(format).to_string()
    }
}

/// `2026-11-22 23:01:12 (for 3 min)`, in the time zone of `clock`.
pub fn since(started: SystemTime, clock: &Clock) -> String {
    let started = DateTime::<Utc>::from(started);
    let age = (clock.now.timestamp() - started.timestamp()).max(0);
    format!("{} (for {})", clock.format(started, "%Y-%m-%d %H:%M:%S"), length(age))
}

/// `2026-11-22T23:01:12Z`.
pub fn iso(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).format("%Y-%m-%dT%H:%M:%SZ").to_string()
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
