use std::fmt;
use std::str::FromStr;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::Errno;
use crate::image::{Permission, Refusal, Side};
use crate::lock::{ByteRange, LockType};

/// The owner of a lock, as `F_GETLK` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LockOwner {
    /// An actor of the scenario, by its name.
    Actor(String),
    /// An open file description: the kernel reports pid -1.
    Ofd,
    /// A process that is not an actor, or not yet known to be one.
    Pid(i32),
}

impl fmt::Display for LockOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockOwner::Actor(name) => f.write_str(name),
            LockOwner::Ofd => f.write_str("ofd"),
            LockOwner::Pid(pid) => write!(f, "pid:{pid}"),
        }
    }
}

/// The outcome of a step.
///
/// Reports and `expect` use its text form. [`fmt::Display`] and [`FromStr`] are each other's
/// inverse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `granted`: the claim or the lock was acquired.
    Granted,
    /// `refused write`, `refused shared write`: the claim conflicts with a holder.
    Refused(Refusal),
    /// `byte 101 EAGAIN`: the read lock on a lock byte failed, or the test of one.
    LockByte {
        /// The lock byte.
        byte: i64,
        /// The errno of fcntl(2).
        error: Errno,
    },
    /// `EBADF`: the call failed with this errno.
    Failed(Errno),
    /// `blocked`: the actor waits in the kernel for a lock.
    Blocked,
    /// `paused`: the actor paused between two lock calls.
    Paused,
    /// `done`: the step succeeded. Used for steps that acquire nothing.
    Done,
    /// `not-open`: the node does not exist, because its open was refused.
    NotOpen,
    /// `free`: no lock conflicts.
    Free,
    /// `held read 100-101 by vm1`: this lock conflicts.
    Held {
        /// The type of the lock.
        kind: LockType,
        /// The bytes of the lock.
        range: ByteRange,
        /// The owner of the lock.
        owner: LockOwner,
    },
    /// `data hello`: the data that was read. Zero bytes are printed as dots.
    Data(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Granted => f.write_str("granted"),
            Outcome::Refused(refusal) => write!(f, "refused {refusal}"),
            Outcome::LockByte { byte, error } => write!(f, "byte {byte} {error}"),
            Outcome::Failed(error) => write!(f, "{error}"),
            Outcome::Blocked => f.write_str("blocked"),
            Outcome::Paused => f.write_str("paused"),
            Outcome::Done => f.write_str("done"),
            Outcome::NotOpen => f.write_str("not-open"),
            Outcome::Free => f.write_str("free"),
            Outcome::Held { kind, range, owner } => write!(f, "held {kind} {range} by {owner}"),
            Outcome::Data(text) => write!(f, "data {text}"),
        }
    }
}

/// The text is not an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an outcome")]
pub struct ParseOutcomeError(String);

impl FromStr for Outcome {
    type Err = ParseOutcomeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(data) = text.strip_prefix("data ") {
            return Ok(Outcome::Data(data.to_owned()));
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        parse_words(&words).ok_or_else(|| ParseOutcomeError(text.to_owned()))
    }
}

fn parse_words(words: &[&str]) -> Option<Outcome> {
    Some(match words {
        ["granted"] => Outcome::Granted,
        ["refused", "shared", permission] => refused(Side::Unshared, permission)?,
        ["refused", permission] => refused(Side::Wanted, permission)?,
        ["byte", byte, error] => {
            Outcome::LockByte { byte: byte.parse().ok()?, error: error.parse().ok()? }
        }
        ["blocked"] => Outcome::Blocked,
        ["paused"] => Outcome::Paused,
        ["done"] => Outcome::Done,
        ["not-open"] => Outcome::NotOpen,
        ["free"] => Outcome::Free,
        ["held", kind, range, "by", owner] => Outcome::Held {
            kind: match *kind {
                "read" => LockType::Read,
                "write" => LockType::Write,
                _ => return None,
            },
            range: range.parse().ok()?,
            owner: match owner.strip_prefix("pid:") {
                Some(pid) => LockOwner::Pid(pid.parse().ok()?),
                None if *owner == "ofd" => LockOwner::Ofd,
                None => LockOwner::Actor((*owner).to_owned()),
            },
        },
        ["data"] => Outcome::Data(String::new()),
        [error] => Outcome::Failed(error.parse().ok()?),
        _ => return None,
    })
}

fn refused(side: Side, permission: &str) -> Option<Outcome> {
    let permission: Permission = permission.parse().ok()?;
    Some(Outcome::Refused(Refusal { side, permission }))
}

#[cfg(feature = "serde")]
impl Serialize for Outcome {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("granted")]
    #[case("refused write-unchanged")]
    #[case("refused shared consistent-read")]
    #[case("byte 101 EAGAIN")]
    #[case("EDEADLK")]
    #[case("blocked")]
    #[case("paused")]
    #[case("done")]
    #[case("not-open")]
    #[case("free")]
    #[case("held write 0-eof by ofd")]
    #[case("held read 100-101 by vm1")]
    #[case("data two words")]
    fn text_and_outcome_are_each_others_inverse(#[case] text: &str) {
        let outcome: Outcome = text.parse().expect("an outcome");
        assert_eq!(outcome.to_string(), text);
    }

    #[rstest::rstest]
    #[case("grantd")]
    #[case("refused")]
    #[case("refused everything")]
    #[case("held read by vm1")]
    #[case("EWHATEVER")]
    #[case("")]
    fn what_is_no_outcome_is_refused(#[case] text: &str) {
        assert!(text.parse::<Outcome>().is_err());
    }
}
