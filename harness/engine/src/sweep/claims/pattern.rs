use serde::{Deserialize, Serialize};

use super::{ClaimDifference, Departure};
use imglock_core::image::{Claim, Permissions};

/// Differences of one kind, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// What the algebra says, in words.
    pub expected: String,
    /// What was seen instead, in words.
    pub actual: String,
    /// How many there are.
    pub count: u64,
    /// What all of them have in common.
    pub common: Common,
}

/// The permissions that occur in each one of several cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Those that the opener wants.
    pub wanted: Permissions,
    /// Those that the opener does not share.
    pub unshared: Permissions,
    /// Those that one of the holders has.
    pub taken: Permissions,
    /// Those that one of the holders does not share.
    pub kept: Permissions,
}

impl Common {
    fn of(difference: &ClaimDifference) -> Common {
        let claim = difference.claim.unwrap_or(Claim::NOTHING);
        let union = |of: fn(&Claim) -> Permissions| {
            difference.holders.iter().map(of).fold(Permissions::empty(), Permissions::union)
        };
        Common {
            wanted: claim.held,
            unshared: claim.unshared(),
            taken: union(|holder| holder.held),
            kept: union(|holder| holder.unshared()),
        }
    }

    fn with(self, other: Common) -> Common {
        Common {
            wanted: self.wanted & other.wanted,
            unshared: self.unshared & other.unshared,
            taken: self.taken & other.taken,
            kept: self.kept & other.kept,
        }
    }
}

/// Adds a difference to those of its kind.
pub(super) fn add(patterns: &mut Vec<Pattern>, difference: &ClaimDifference) {
    let (expected, actual) = words(&difference.departure);
    let common = Common::of(difference);
    let same = |pattern: &&mut Pattern| pattern.expected == expected && pattern.actual == actual;
    match patterns.iter_mut().find(same) {
        Some(pattern) => {
            pattern.count += 1;
            pattern.common = pattern.common.with(common);
        }
        None => patterns.push(Pattern { expected, actual, count: 1, common }),
    }
}

fn words(departure: &Departure) -> (String, String) {
    match departure {
        Departure::Outcome { expected, actual } => (expected.to_string(), actual.to_string()),
        Departure::Held { .. } => ("the holders' locks".to_owned(), "other locks".to_owned()),
        Departure::Left { .. } => ("no locks in the end".to_owned(), "locks".to_owned()),
        Departure::Silence { why } => ("an answer".to_owned(), format!("none: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrangement, Processes};
    use super::*;
    use imglock_core::image::Mode;
    use imglock_core::lock::Backend;
    use imglock_core::step::Outcome;

    #[test]
    fn a_pattern_keeps_what_all_its_cases_have() {
        let difference = |holder: Mode, opener: Mode, actual| ClaimDifference {
            arrangement: Arrangement { backend: Backend::Ofd, processes: Processes::Several },
            holders: vec![holder.claim()],
            claim: Some(opener.claim()),
            departure: Departure::Outcome {
                expected: "refused write".parse().expect("one"),
                actual,
            },
        };
        let mut patterns = Vec::new();
        add(&mut patterns, &difference(Mode::Rw, Mode::Resize, Outcome::Granted));
        add(&mut patterns, &difference(Mode::Ro, Mode::Rw, Outcome::Granted));
        add(&mut patterns, &difference(Mode::Ro, Mode::Rw, Outcome::Done));
        let [granted, done] = patterns.as_slice() else { panic!("{patterns:?}") };
        assert_eq!((granted.count, done.count), (2, 1));
        let common = Common {
            wanted: Permissions::CONSISTENT_READ | Permissions::WRITE,
            unshared: Permissions::empty(),
            taken: Permissions::CONSISTENT_READ,
            kept: Permissions::WRITE,
        };
        assert_eq!(granted.common, common);
        assert_eq!(done.common, Common { unshared: Permissions::WRITE, ..common });
    }
}
