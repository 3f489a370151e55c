use super::{OpenAnswer, Opening, OpeningEnd};

/// The end of a span that never ends.
pub(super) const NEVER: u64 = u64::MAX;

/// The time from one event to a later event of the same opener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its start, in nanoseconds.
    pub from: u64,
    /// Its end, in nanoseconds, or [`NEVER`].
    pub until: u64,
}

/// Whether two spans overlap, as far as the clock can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// They overlap, however the clock rounded.
    Sure,
    /// It depends on time stamps that are too close together.
    Unclear,
    /// They do not overlap, however the clock rounded.
    Never,
}

impl Meeting {
    /// The result for spans that overlap by `margin`. A negative margin is the gap between them.
    pub fn by(margin: i128, resolution_ns: u64) -> Meeting {
        let resolution = i128::from(resolution_ns);
        if margin > resolution {
            Meeting::Sure
        } else if margin >= -resolution {
            Meeting::Unclear
        } else {
            Meeting::Never
        }
    }
}

impl Span {
    /// The time by which this span and `other` overlap; negative if there is a gap.
    ///
    /// Only times of different openers are compared. A span starts before it ends, which is known
    /// without a clock. So a span that is shorter than the resolution of the clock can still lie within
    /// another.
    pub fn margin(self, other: Span) -> i128 {
        lead(self.from, other.until).min(lead(other.from, self.until))
    }
}

/// The time by which `earlier` precedes `later`.
pub(super) fn lead(earlier: u64, later: u64) -> i128 {
    i128::from(later) - i128::from(earlier)
}

impl OpeningEnd {
    /// The time until which it certainly held, in nanoseconds.
    pub fn from_ns(self) -> u64 {
        let (OpeningEnd::Closed { from_ns, .. } | OpeningEnd::Died { from_ns, .. }) = self;
        from_ns
    }

    /// The time from which it certainly no longer holds, in nanoseconds.
    pub fn until_ns(self) -> u64 {
        let (OpeningEnd::Closed { until_ns, .. } | OpeningEnd::Died { until_ns, .. }) = self;
        until_ns
    }
}

impl Opening {
    /// The time of the grant, or `None` if it was not granted.
    pub fn granted_ns(&self) -> Option<u64> {
        match self.answer {
            Some((at, OpenAnswer::Granted)) => Some(at),
            _ => None,
        }
    }

    /// The time in which it certainly held its claim.
    pub(super) fn sure(&self) -> Option<Span> {
        let from = self.granted_ns()?;
        Some(Span { from, until: self.end.map_or(NEVER, OpeningEnd::from_ns) })
    }

    /// The time in which it may have had lock bytes. A refused opener releases them before it answers.
    pub(super) fn possible(&self) -> Span {
        let until = match self.answer {
            Some((at, OpenAnswer::Refused(_))) => at,
            _ => self.end.map_or(NEVER, OpeningEnd::until_ns),
        };
        Span { from: self.attempt_ns, until }
    }

    /// The time in which it may have closed its descriptor, or `None` if it did not. A refused opener
    /// closes it, too, before the answer or later. An opener without a known answer may have closed it.
    pub(super) fn closing(&self) -> Option<Span> {
        match self.answer {
            Some((_, OpenAnswer::Granted)) => {
                self.end.map(|end| Span { from: end.from_ns(), until: end.until_ns() })
            }
            _ => {
                let Span { from, until } = self.possible();
                let until = self.end.map_or(until, |end| end.until_ns().max(until));
                Some(Span { from, until })
            }
        }
    }

    /// Returns whether no event shows that it released the image.
    pub(super) fn is_open_ended(&self) -> bool {
        self.granted_ns().is_some() && self.possible().until == NEVER
    }
}
