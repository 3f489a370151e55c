use std::fmt;

use imglock_core::ScenarioName;
use serde::{Deserialize, Serialize};

/// The place where a detector found a planted fault. It is serialized as its
/// text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CatchSpot {
    /// A line of a scenario, as `posix/any-close:14`.
    Line {
        /// The scenario.
        scenario: ScenarioName,
        /// The line, from 1.
        line: usize,
    },
    /// Any other place, in words: a pair of claims, a round, a case.
    Words(String),
}

impl fmt::Display for CatchSpot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CatchSpot::Line { scenario, line } => write!(f, "{scenario}:{line}"),
            CatchSpot::Words(words) => f.write_str(words),
        }
    }
}

impl From<String> for CatchSpot {
    fn from(text: String) -> CatchSpot {
        let line = text.rsplit_once(':').and_then(|(name, line)| Some((name, line.parse().ok()?)));
        match line {
            Some((name, line)) => CatchSpot::Line { scenario: name.into(), line },
            None => CatchSpot::Words(text),
        }
    }
}

impl From<&str> for CatchSpot {
    fn from(text: &str) -> CatchSpot {
        text.to_owned().into()
    }
}

impl From<CatchSpot> for String {
    fn from(spot: CatchSpot) -> String {
        spot.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("posix/any-close:14", Some("posix/any-close"))]
    #[case("my:own.kdl:2", Some("my:own.kdl"))]
    #[case("ro then rw", None)]
    #[case("case 4: vm1 kill", None)]
    fn a_spot_is_a_text_in_json(#[case] text: &str, #[case] scenario: Option<&str>) {
        let spot = CatchSpot::from(text);
        let json = serde_json::to_string(&spot).expect("it is plain");
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<CatchSpot>(&json).expect("it reads back"), spot);
        let name = match &spot {
            CatchSpot::Line { scenario, .. } => Some(scenario.as_str()),
            CatchSpot::Words(_) => None,
        };
        assert_eq!(name, scenario);
    }
}
