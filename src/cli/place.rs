use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use imglock_harness::lock::Backend;

/// On which locks; shared by several commands.
#[derive(Debug, Args)]
pub struct BackendArgs {
    /// Only with these locks.
    #[arg(
        long = "backend",
        value_name = "BACKEND",
        value_delimiter = ',',
        default_value = "ofd,posix",
        value_parser = backend_parser()
    )]
    given: Vec<Backend>,
}

impl BackendArgs {
    /// Each backend that was asked for, once, in the usual order.
    pub fn backends(&self) -> Vec<Backend> {
        Backend::ALL.into_iter().filter(|backend| self.given.contains(backend)).collect()
    }
}

/// Where the images are made and how long things may take.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Where images are made: the file system whose locks are tried
    /// [default: the temporary directory].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How many scenarios run at a time [default: the available cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// How long one step may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub timeout: Duration,
}

fn backend_parser() -> impl TypedValueParser<Value = Backend> {
    PossibleValuesParser::new(Backend::ALL.map(Backend::name))
        .try_map(|word| word.parse::<Backend>())
}

/// A time that a step may take.
pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        Duration::ZERO => Err("it must be more than 0 seconds".to_owned()),
        duration => Ok(duration),
    }
}

/// A number of seconds, 0 and fractions included.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
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
    fn a_timeout_that_is_none_is_refused(#[case] text: &str) {
        assert!(parse_seconds(text).is_err());
    }

    #[rstest::rstest]
    #[case("-1")]
    #[case("soon")]
    #[case("inf")]
    #[case("nan")]
    #[case("1e40")]
    fn what_is_no_length_of_time_is_refused(#[case] text: &str) {
        assert!(seconds(text).is_err());
    }

    #[test]
    fn a_length_of_time_may_be_nothing() {
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_timeout_may_be_fractional() {
        assert_eq!(parse_seconds("0.25"), Ok(Duration::from_millis(250)));
    }
}
