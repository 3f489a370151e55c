use super::{OpenAnswer, Opening, OpeningEnd};

/// When nothing ever ends it.
pub(super) const NEVER: u64 = u64::MAX;

/// From one moment to a later one of the same opener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first moment.
    pub from: u64,
    /// Its last moment, or [`NEVER`].
    pub until: u64,
}

/// Whether two spans have a moment in common, as far as a clock can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meeting {
    /// However the clock rounded.
    Sure,
    /// That is a matter of time stamps too close together.
    Unclear,
    /// However the clock rounded.
    Never,
}

impl Meeting {
    /// Of spans that overlap by `margin`, or where it is negative miss each
    /// other by that much.
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
    /// By how much this span and `other` overlap.
    ///
    /// Only moments of different openers are compared. That a span begins
    /// before it ends is known without a clock, so one that is shorter than
    /// the clock's resolution still lies inside another.
    pub fn margin(self, other: Span) -> i128 {
        lead(self.from, other.until).min(lead(other.from, self.until))
    }
}

/// By how much `earlier` comes before `later`.
pub(super) fn lead(earlier: u64, later: u64) -> i128 {
    i128::from(later) - i128::from(earlier)
}

impl OpeningEnd {
    /// The moment until which it surely held.
    pub fn from_ns(self) -> u64 {
        let (OpeningEnd::Closed { from_ns, .. } | OpeningEnd::Died { from_ns, .. }) = self;
        from_ns
    }

    /// The moment from which it surely holds no longer.
    pub fn until_ns(self) -> u64 {
        let (OpeningEnd::Closed { until_ns, .. } | OpeningEnd::Died { until_ns, .. }) = self;
        until_ns
    }
}

impl Opening {
    /// When it was granted, if it was.
    pub fn granted_ns(&self) -> Option<u64> {
        match self.answer {
            Some((at, OpenAnswer::Granted)) => Some(at),
            _ => None,
        }
    }

    /// When it surely had what it claims.
    pub(super) fn sure(&self) -> Option<Span> {
        let from = self.granted_ns()?;
        Some(Span { from, until: self.end.map_or(NEVER, OpeningEnd::from_ns) })
    }

    /// When it may have had lock bytes. One that is refused gives them back
    /// before it answers.
    pub(super) fn possible(&self) -> Span {
        let until = match self.answer {
            Some((at, OpenAnswer::Refused(_))) => at,
            _ => self.end.map_or(NEVER, OpeningEnd::until_ns),
        };
        Span { from: self.attempt_ns, until }
    }

    /// When it may have closed its descriptor, if it can have: one that is
    /// refused does so as well, before it answers or later, and so may one of
    /// which no answer is known.
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

    /// Whether nothing says that it let go.
    pub(super) fn is_open_ended(&self) -> bool {
        self.granted_ns().is_some() && self.possible().until == NEVER
    }
}
