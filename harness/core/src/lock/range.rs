use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// The position from which `l_start` counts (`l_whence` in fcntl(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[strum(serialize_all = "lowercase")]
pub enum Whence {
    /// `SEEK_SET`: the start of the file.
    #[default]
    Set,
    /// `SEEK_CUR`: the file offset of the descriptor at the time of the call.
    Cur,
    /// `SEEK_END`: the end of the file at the time of the call.
    End,
}

impl Whence {
    /// The word in scenarios.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A range as `struct flock` states it, before the kernel resolves it (fcntl(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct RangeSpec {
    /// The position from which `start` counts.
    pub whence: Whence,
    /// `l_start`, in bytes. It may be negative if `whence` is not [`Whence::Set`].
    pub start: i64,
    /// `l_len`, in bytes. 0 reaches to the end of the file, including later growth. A negative
    /// length covers the bytes before `start`.
    pub len: i64,
}

impl RangeSpec {
    /// The range of `len` bytes from offset `start` of the file.
    pub const fn at(start: i64, len: i64) -> RangeSpec {
        RangeSpec { whence: Whence::Set, start, len }
    }

    /// The range of one byte at `offset`, such as one of QEMU's lock bytes.
    pub const fn byte(offset: i64) -> RangeSpec {
        RangeSpec::at(offset, 1)
    }
}

impl fmt::Display for RangeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "start={} len={}", self.start, self.len)?;
        match self.whence {
            Whence::Set => Ok(()),
            other => write!(f, " whence={}", other.name()),
        }
    }
}

/// A resolved range of bytes, as /proc/locks prints it. Both ends are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ByteRange {
    /// The offset of the first byte.
    pub first: i64,
    /// The offset of the last byte, or [`ByteRange::EOF`] if the range has no end.
    pub last: i64,
}

impl ByteRange {
    /// The value of `last` for a range that reaches to the end of the file. It is the largest file
    /// offset (`OFFSET_MAX` in the kernel's include/linux/fs.h).
    pub const EOF: i64 = i64::MAX;

    /// The range from `first` to `last`, both included.
    pub const fn new(first: i64, last: i64) -> ByteRange {
        ByteRange { first, last }
    }

    /// Returns whether the two ranges have at least one byte in common.
    pub fn overlaps(self, other: ByteRange) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for ByteRange {
    /// Prints `100`, `100-101` or `0-eof`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (first, ByteRange::EOF) => write!(f, "{first}-eof"),
            (first, last) if first == last => write!(f, "{first}"),
            (first, last) => write!(f, "{first}-{last}"),
        }
    }
}

/// The text is not a range of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a range of bytes; write for example `100`, `100-101` or `0-eof`")]
pub struct ParseRangeError(String);

impl std::str::FromStr for ByteRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseRangeError(text.to_owned());
        let number = |word: &str| word.parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(wrong);
        let (first, last) = match text.split_once('-') {
            None => (number(text)?, number(text)?),
            Some((first, "eof")) => (number(first)?, ByteRange::EOF),
            Some((first, last)) => (number(first)?, number(last)?),
        };
        if first > last { Err(wrong()) } else { Ok(ByteRange { first, last }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("100", ByteRange::new(100, 100))]
    #[case("100-101", ByteRange::new(100, 101))]
    #[case("0-eof", ByteRange::new(0, ByteRange::EOF))]
    fn text_and_range_are_each_others_inverse(#[case] text: &str, #[case] range: ByteRange) {
        assert_eq!(text.parse(), Ok(range));
        assert_eq!(range.to_string(), text);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("-5")]
    #[case("9-3")]
    #[case("eof")]
    fn what_is_no_range_is_refused(#[case] text: &str) {
        assert!(text.parse::<ByteRange>().is_err());
    }

    #[rstest::rstest]
    #[case::apart("0-4", "6-9", false)]
    #[case::side_by_side("0-4", "5-9", false)]
    #[case::with_one_byte_in_common("0-5", "5-9", true)]
    #[case::one_within_the_other("0-9", "4", true)]
    #[case::the_same("7", "7", true)]
    #[case::up_to_the_end("0-eof", "9-eof", true)]
    fn ranges_overlap_or_do_not(#[case] one: &str, #[case] other: &str, #[case] overlap: bool) {
        let range = |text: &str| text.parse::<ByteRange>().expect("a range");
        assert_eq!(range(one).overlaps(range(other)), overlap);
        assert_eq!(range(other).overlaps(range(one)), overlap);
    }
}
