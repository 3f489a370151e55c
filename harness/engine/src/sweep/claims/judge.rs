use super::seen::{Seen, locks_of};
use super::{Arrangement, ClaimDeparture, ClaimDifference, expected};
use crate::process::Tried;
use imglock_core::{Claim, Outcome};

/// The result of a row of cases, compared with the algebra.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Judged {
    pub(super) granted: u64,
    pub(super) refused: u64,
    /// Other outcomes.
    pub(super) other: u64,
    pub(super) differences: Vec<ClaimDifference>,
}

impl Judged {
    /// The first difference that is about more than an outcome.
    pub(super) fn lasting(&self) -> Option<&ClaimDeparture> {
        self.differences.iter().map(|one| &one.departure).find(|one| one.is_lasting())
    }

    /// Whether a process gave no answer.
    pub(super) fn is_silent(&self) -> bool {
        self.lasting().is_some_and(|one| matches!(one, ClaimDeparture::Silence { .. }))
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Granted => self.granted += 1,
            Outcome::Refused(_) => self.refused += 1,
            _ => self.other += 1,
        }
    }
}

/// Compares the results `seen` for `claims` beside `holders` with the algebra.
pub(super) fn judge(
    arrangement: Arrangement,
    holders: &[Claim],
    claims: &[Claim],
    seen: &Seen,
) -> Judged {
    let mut judged = Judged::default();
    let difference = |holders: &[Claim], claim, departure| ClaimDifference {
        arrangement,
        holders: holders.to_vec(),
        claim,
        departure,
    };
    let not_let_in = |holder: usize, actual: &Outcome| {
        let (before, claim) = (&holders[..holder], holders[holder]);
        let expected = expected(arrangement, before, claim);
        difference(
            before,
            Some(claim),
            ClaimDeparture::Outcome { expected, actual: actual.clone() },
        )
    };
    // A lasting difference after a single case belongs to that case.
    let alone = match claims {
        [claim] => Some(*claim),
        _ => None,
    };
    match seen {
        Seen::Silence { why } => {
            let silence = ClaimDeparture::Silence { why: why.clone() };
            judged.differences.push(difference(holders, alone, silence));
        }
        Seen::NoRow { holder, outcome } => {
            judged.differences.push(not_let_in(*holder, outcome));
        }
        Seen::Row { tried, held, left } => {
            for (claim, tried) in claims.iter().zip(tried) {
                let actual = match tried {
                    Tried::Granted => Outcome::Granted,
                    Tried::Refused(refusal) => Outcome::Refused(*refusal),
                    Tried::Other(outcome) => outcome.clone(),
                    Tried::Alone { holder, outcome } => {
                        // Reported once for all claims of this row.
                        let difference = not_let_in(*holder, outcome);
                        if !judged.differences.contains(&difference) {
                            judged.differences.push(difference);
                        }
                        continue;
                    }
                };
                judged.count(&actual);
                let expected = expected(arrangement, holders, *claim);
                if actual != expected {
                    let departure = ClaimDeparture::Outcome { expected, actual };
                    judged.differences.push(difference(holders, Some(*claim), departure));
                }
            }
            if let Some(actual) = held {
                let expected = locks_of(arrangement, holders);
                if *actual != expected {
                    let departure = ClaimDeparture::Held { expected, actual: actual.clone() };
                    judged.differences.push(difference(holders, alone, departure));
                }
            }
            if !left.is_empty() {
                let departure = ClaimDeparture::Left { actual: left.clone() };
                judged.differences.push(difference(holders, alone, departure));
            }
        }
    }
    judged
}

#[cfg(test)]
mod tests;
