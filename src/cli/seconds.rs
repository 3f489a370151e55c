use std::time::Duration;

/// Reads a time limit in seconds, greater than 0; fractions are allowed.
pub(super) fn parse_limit(text: &str) -> Result<Duration, String> {
    match parse_seconds(text)? {
        Duration::ZERO => Err("it must be more than 0 seconds".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a time in seconds; 0 and fractions are allowed.
pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let number: f64 =
        text.parse().map_err(|_| "write a number of seconds, such as 0.5".to_owned())?;
    Duration::try_from_secs_f64(number)
        .map_err(|_| "it must be 0 seconds or more, and a finite number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("0")]
    #[case("-1")]
    #[case("soon")]
    #[case("inf")]
    #[case("nan")]
    #[case("1e-12")]
    fn an_invalid_time_limit_is_refused(#[case] text: &str) {
        assert!(parse_limit(text).is_err());
    }

    #[rstest::rstest]
    #[case("-1")]
    #[case("soon")]
    #[case("inf")]
    #[case("nan")]
    #[case("1e40")]
    fn an_invalid_time_is_refused(#[case] text: &str) {
        assert!(parse_seconds(text).is_err());
    }

    #[test]
    fn a_time_may_be_zero() {
        assert_eq!(parse_seconds("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_time_limit_may_be_fractional() {
        assert_eq!(parse_limit("0.25"), Ok(Duration::from_millis(250)));
    }
}
