use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One machine's part of work that several machines share: part `number` of
/// `count` equal parts.
///
/// A part consists of every `count`-th unit, so that all parts take about the
/// same time even if the first units are the quick ones.
///
/// ```
/// use imglock_engine::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// let mine: Vec<u64> = (0..7).filter(|unit| shard.has(*unit)).collect();
/// assert_eq!(mine, [1, 4]);
/// # Ok::<(), imglock_engine::ParseShardError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    number: u64,
    count: u64,
}

impl Shard {
    /// The whole work, on one machine.
    pub const WHOLE: Shard = Shard { number: 1, count: 1 };

    /// Whether the unit with this number, from 0, is in this part.
    pub fn has(self, unit: u64) -> bool {
        unit % self.count == self.number - 1
    }

    /// The `index`-th unit of this part, from 0; `None` beyond the largest
    /// number.
    pub fn unit(self, index: u64) -> Option<u64> {
        index.checked_mul(self.count)?.checked_add(self.number - 1)
    }

    /// The number of units of this part among the first `units`.
    pub fn share_of(self, units: u64) -> u64 {
        units / self.count + u64::from(units % self.count >= self.number)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

/// A text that is not a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write I/N, such as 2/4: the second of four parts")]
pub struct ParseShardError;

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Shard, ParseShardError> {
        let (number, count) = text.split_once('/').ok_or(ParseShardError)?;
        let number: u64 = number.parse().map_err(|_| ParseShardError)?;
        let count: u64 = count.parse().map_err(|_| ParseShardError)?;
        if (1..=count).contains(&number) {
            Ok(Shard { number, count })
        } else {
            Err(ParseShardError)
        }
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = ParseShardError;

    fn try_from(text: String) -> Result<Shard, ParseShardError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(1, 7)]
    #[case(3, 7)]
    #[case(4, 2)]
    #[case(5, 65_536)]
    fn every_unit_is_in_exactly_one_part(#[case] count: u64, #[case] units: u64) {
        let parts: Vec<Shard> = (1..=count).map(|number| Shard { number, count }).collect();
        for unit in 0..units {
            assert_eq!(parts.iter().filter(|part| part.has(unit)).count(), 1, "{unit}");
        }
        for part in parts {
            let mine = (0..units).filter(|unit| part.has(*unit)).count() as u64;
            assert_eq!(part.share_of(units), mine, "{part}");
            for index in 0..mine {
                assert!(part.unit(index).is_some_and(|unit| part.has(unit)), "{part}");
            }
            assert!(part.unit(mine).is_some_and(|unit| unit >= units), "{part}");
        }
    }

    #[rstest::rstest]
    #[case("0/2")]
    #[case("3/2")]
    #[case("1/0")]
    #[case("1")]
    #[case("a/b")]
    #[case("-1/2")]
    fn what_is_no_part_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Shard>(), Err(ParseShardError));
    }
}
