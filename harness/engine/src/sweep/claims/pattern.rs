use serde::{Deserialize, Serialize};

use super::{ClaimDeparture, ClaimDifference};
use imglock_core::{Claim, Permissions};

/// Differences of one kind, summarised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferencePattern {
    /// The expected result, in words.
    pub expected: String,
    /// The actual result, in words.
    pub actual: String,
    /// The number of differences.
    pub count: u64,
    /// The permissions that all of them have in common.
    pub common: CommonDifference,
}

/// The permissions that occur in every case of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonDifference {
    /// Permissions that the opener wants.
    pub wanted: Permissions,
    /// Permissions that the opener does not share.
    pub unshared: Permissions,
    /// Permissions that a holder has.
    pub taken: Permissions,
    /// Permissions that a holder does not share.
    pub kept: Permissions,
}

impl CommonDifference {
    fn of(difference: &ClaimDifference) -> CommonDifference {
        let claim = difference.claim.unwrap_or(Claim::NOTHING);
        let union = |of: fn(&Claim) -> Permissions| {
            difference.holders.iter().map(of).fold(Permissions::empty(), Permissions::union)
        };
        CommonDifference {
            wanted: claim.held,
            unshared: claim.unshared(),
            taken: union(|holder| holder.held),
            kept: union(|holder| holder.unshared()),
        }
    }

    fn with(self, other: CommonDifference) -> CommonDifference {
        CommonDifference {
            wanted: self.wanted & other.wanted,
            unshared: self.unshared & other.unshared,
            taken: self.taken & other.taken,
            kept: self.kept & other.kept,
        }
    }
}

/// Adds a difference to its pattern.
pub(super) fn add(patterns: &mut Vec<DifferencePattern>, difference: &ClaimDifference) {
    let (expected, actual) = words(&difference.departure);
    let common = CommonDifference::of(difference);
    let same =
        |pattern: &&mut DifferencePattern| pattern.expected == expected && pattern.actual == actual;
    match patterns.iter_mut().find(same) {
        Some(pattern) => {
            pattern.count += 1;
            pattern.common = pattern.common.with(common);
        }
        None => patterns.push(DifferencePattern { expected, actual, count: 1, common }),
    }
}

fn words(departure: &ClaimDeparture) -> (String, String) {
    match departure {
        ClaimDeparture::Outcome { expected, actual } => (expected.to_string(), actual.to_string()),
        ClaimDeparture::Held { .. } => ("the holders' locks".to_owned(), "other locks".to_owned()),
        ClaimDeparture::Left { .. } => {
            ("no locks after the last close".to_owned(), "locks".to_owned())
        }
        ClaimDeparture::Silence { why } => ("an answer".to_owned(), format!("none: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrangement, OpenerProcesses};
    use super::*;
    use imglock_core::{Backend, Mode, Outcome};

    #[test]
    fn a_pattern_keeps_what_all_its_cases_have() {
        let difference = |holder: Mode, opener: Mode, actual| ClaimDifference {
            arrangement: Arrangement { backend: Backend::Ofd, processes: OpenerProcesses::Several },
            holders: vec![holder.claim()],
            claim: Some(opener.claim()),
            departure: ClaimDeparture::Outcome {
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
        let common = CommonDifference {
            wanted: Permissions::CONSISTENT_READ | Permissions::WRITE,
            unshared: Permissions::empty(),
            taken: Permissions::CONSISTENT_READ,
            kept: Permissions::WRITE,
        };
        assert_eq!(granted.common, common);
        assert_eq!(done.common, CommonDifference { unshared: Permissions::WRITE, ..common });
    }
}
