use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use imglock_core::{Permission, Refusal, Side};

/// The size of an entry in 64-bit numbers.
pub(super) const WORDS: usize = 10;

/// An opener's own record of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RaceEntry {
    /// The time just before the open, in nanoseconds of CLOCK_MONOTONIC.
    pub attempt_ns: u64,
    /// The time just after the answer.
    pub answer_ns: u64,
    /// The answer.
    pub answered: Answered,
    /// The times just before and just after the close of a granted open.
    pub closed: Option<(u64, u64)>,
    /// The openers that held a conflicting claim just after this one published
    /// its own, as a set of bits.
    pub against_entering: u64,
    /// The same just before it withdrew its claim.
    pub against_leaving: u64,
    /// The image's counter before this opener counted; `None` when it did not
    /// count.
    pub counted_from: Option<u64>,
    /// Whether the image's data changed although the claim excludes writers.
    pub changed: bool,
}

/// The result of an attempt to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answered {
    /// No answer yet.
    #[default]
    Nothing,
    /// The open was granted.
    Granted,
    /// The open was refused because of a holder.
    Refused(Refusal),
    /// A lock byte could not be locked.
    LockByte {
        /// The byte.
        byte: i64,
        /// The errno of fcntl(2).
        errno: i32,
    },
    /// The image could not be opened, closed, read or written (errno).
    Failed(i32),
}

const CLOSED: u64 = 1 << 32;
const COUNTED: u64 = 1 << 33;
const CHANGED: u64 = 1 << 34;

impl RaceEntry {
    /// Writes the entry as that of `round`.
    pub(super) fn write(&self, place: &[AtomicU64], round: u64) {
        let (from, until) = self.closed.unwrap_or_default();
        let flag = |is: bool, bit: u64| if is { bit } else { 0 };
        let about = self.answered.coded()
            | flag(self.closed.is_some(), CLOSED)
            | flag(self.counted_from.is_some(), COUNTED)
            | flag(self.changed, CHANGED);
        let numbers = [
            self.attempt_ns,
            self.answer_ns,
            about,
            from,
            until,
            self.against_entering,
            self.against_leaving,
            self.counted_from.unwrap_or(0),
        ];
        for (word, number) in place[1..].iter().zip(numbers) {
            word.store(number, Relaxed);
        }
        place[0].store(round + 1, Release);
    }

    /// The entry of `round`, if it was written.
    pub(super) fn read(place: &[AtomicU64], round: u64) -> Option<RaceEntry> {
        if place[0].load(Acquire) != round + 1 {
            return None;
        }
        let number = |index: usize| place[1 + index].load(Relaxed);
        let about = number(2);
        Some(RaceEntry {
            attempt_ns: number(0),
            answer_ns: number(1),
            answered: Answered::decoded(about),
            closed: (about & CLOSED != 0).then(|| (number(3), number(4))),
            against_entering: number(5),
            against_leaving: number(6),
            counted_from: (about & COUNTED != 0).then(|| number(7)),
            changed: about & CHANGED != 0,
        })
    }
}

impl Answered {
    /// In the lower 32 bits: the kind, two bytes, and an errno of 12 bits.
    fn coded(self) -> u64 {
        let coded = |kind: u64, first: u64, errno: i32| {
            kind | (first & 0xffff) << 4 | (errno as u64 & 0xfff) << 20
        };
        match self {
            Answered::Nothing => 0,
            Answered::Granted => coded(1, 0, 0),
            Answered::Refused(Refusal { side, permission }) => {
                let side = u64::from(side == Side::Unshared);
                coded(2, u64::from(permission.number()) << 1 | side, 0)
            }
            Answered::LockByte { byte, errno } => coded(3, byte as u64, errno),
            Answered::Failed(errno) => coded(4, 0, errno),
        }
    }

    fn decoded(number: u64) -> Answered {
        let (first, errno) = (number >> 4 & 0xffff, (number >> 20 & 0xfff) as i32);
        match number & 0xf {
            1 => Answered::Granted,
            2 => {
                let side = if first & 1 == 1 { Side::Unshared } else { Side::Wanted };
                let permission = Permission::ALL[(first >> 1 & 0b11) as usize];
                Answered::Refused(Refusal { side, permission })
            }
            3 => Answered::LockByte { byte: first as i64, errno },
            4 => Answered::Failed(errno),
            _ => Answered::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_in_its_round_alone() {
        let place: Vec<AtomicU64> = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        assert_eq!(RaceEntry::read(&place, 0), None);
        let refusal = |side, permission| Answered::Refused(Refusal { side, permission });
        let answers = [
            Answered::Nothing,
            Answered::Granted,
            refusal(Side::Wanted, Permission::Resize),
            refusal(Side::Unshared, Permission::Write),
            Answered::LockByte { byte: 203, errno: 37 },
            Answered::Failed(24),
        ];
        for (number, answered) in answers.into_iter().enumerate() {
            let round = number as u64;
            let odd = number % 2 == 1;
            let entry = RaceEntry {
                attempt_ns: 1,
                answer_ns: 2,
                answered,
                closed: odd.then_some((3, 4)),
                against_entering: 1 << 63,
                against_leaving: 5,
                counted_from: odd.then_some(u64::MAX),
                changed: !odd,
            };
            entry.write(&place, round);
            assert_eq!(RaceEntry::read(&place, round), Some(entry));
            assert_eq!(RaceEntry::read(&place, round + 1), None);
        }
    }
}
