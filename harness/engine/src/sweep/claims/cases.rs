use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Shard;
use imglock_core::{Claim, Permissions};

/// Every claim, in ascending order of its number. The lower four bits are the
/// permissions held, the upper four those shared.
pub(super) const EVERY_CLAIM: [Claim; 256] = every_claim();

const fn every_claim() -> [Claim; 256] {
    let mut claims = [Claim::NOTHING; 256];
    let mut number = 0;
    while number < claims.len() {
        let [held, shared] = [number & 15, number >> 4];
        claims[number] = Claim::new(
            Permissions::from_bits_truncate(held as u8),
            Permissions::from_bits_truncate(shared as u8),
        );
        number += 1;
    }
    claims
}

/// The number of openers in a case. The last opener tries every claim beside
/// the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Openers {
    /// One opener holds and one tries: 65,536 cases.
    #[default]
    Two,
    /// Two compatible openers hold and a third one tries: 1,679,616 cases.
    Three,
}

impl Openers {
    /// The number of openers.
    pub fn number(self) -> usize {
        usize::from(u8::from(self))
    }

    /// The rows of `shard`: one for each compatible combination of holders.
    pub(super) fn rows(self, shard: Shard) -> Vec<Vec<Claim>> {
        let rows: Vec<Vec<Claim>> = match self {
            Openers::Two => EVERY_CLAIM.map(|claim| vec![claim]).to_vec(),
            Openers::Three => compatible_pairs().collect(),
        };
        let mine = (0..).zip(rows).filter(|(number, _)| shard.has(*number));
        mine.map(|(_, holders)| holders).collect()
    }
}

fn compatible_pairs() -> impl Iterator<Item = Vec<Claim>> {
    EVERY_CLAIM.into_iter().flat_map(|first| {
        let beside = EVERY_CLAIM.into_iter().filter(move |second| !first.conflicts_with(*second));
        beside.map(move |second| vec![first, second])
    })
}

impl fmt::Display for Openers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl From<Openers> for u8 {
    fn from(openers: Openers) -> u8 {
        match openers {
            Openers::Two => 2,
            Openers::Three => 3,
        }
    }
}

impl TryFrom<u8> for Openers {
    type Error = String;

    fn try_from(number: u8) -> Result<Openers, String> {
        match number {
            2 => Ok(Openers::Two),
            3 => Ok(Openers::Three),
            other => Err(format!("{other} openers are not supported; the number is 2 or 3")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_claim_is_there_once() {
        let distinct: HashSet<Claim> = EVERY_CLAIM.into_iter().collect();
        assert_eq!(distinct.len(), 256);
    }

    #[rstest::rstest]
    #[case(Openers::Two, 65_536)]
    #[case(Openers::Three, 1_679_616)]
    fn parts_make_up_the_whole(#[case] openers: Openers, #[case] cases: usize) {
        let whole: HashSet<Vec<Claim>> = openers.rows(Shard::WHOLE).into_iter().collect();
        assert_eq!(whole.len() * EVERY_CLAIM.len(), cases);
        assert!(whole.iter().all(|holders| holders.len() + 1 == openers.number()));
        let parts = ["1/3", "2/3", "3/3"].map(|part| part.parse().expect("a part"));
        let rows: Vec<Vec<Claim>> = parts.into_iter().flat_map(|part| openers.rows(part)).collect();
        assert_eq!(rows.len(), whole.len());
        assert_eq!(rows.into_iter().collect::<HashSet<_>>(), whole);
    }
}
