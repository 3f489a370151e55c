use serde::Serialize;

use super::{Answer, End, Event, EventKind, Stay};
use crate::image::{Claim, Refusal, Side};
use crate::step::Hazard;

/// What a judge found in a history, with all that proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// On which image, as an index into the images of its history.
    pub image: usize,
    /// What it is.
    pub matter: Matter,
}

/// What can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// Two had the image at the same time whose claims conflict.
    TwoHolders {
        /// Who had it first.
        first: Stay,
        /// Who was let in beside it.
        second: Stay,
    },
    /// One was refused, and nobody was there who offends.
    Unjustified {
        /// Whoever was refused.
        refused: Stay,
        /// The last that offends of those who had gone.
        before: Option<Neighbour>,
        /// The first that offends of those who came later.
        after: Option<Neighbour>,
    },
    /// One was granted and never let go, although the history is complete.
    NeverReleased {
        /// That one.
        holder: Stay,
    },
    /// [`Hazard::SameOwner`]: as `TwoHolders`, of one process under POSIX.
    SameOwner {
        /// Who had it first.
        first: Stay,
        /// Who was let in beside it.
        second: Stay,
    },
    /// [`Hazard::LockLoss`]: as `TwoHolders`, and the locks of one of them may
    /// have gone with a descriptor that another opener of its process closed.
    LockLoss {
        /// Who lost its locks.
        loser: Stay,
        /// Who closed a descriptor of the image in the same process.
        closer: Stay,
        /// Who was let in.
        other: Stay,
    },
}

/// One who would have offended, had it been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// Its stay.
    pub stay: Stay,
    /// How far away it was from the attempt that was refused.
    pub apart_ns: u64,
}

impl Matter {
    /// Its name, where it breaks the contract in a known way.
    pub fn hazard(&self) -> Option<Hazard> {
        match self {
            Matter::SameOwner { .. } => Some(Hazard::SameOwner),
            Matter::LockLoss { .. } => Some(Hazard::LockLoss),
            _ => None,
        }
    }

    /// The events that prove it and, marked as such, those that help to
    /// understand it; in order of time.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        match self {
            Matter::TwoHolders { first, second } | Matter::SameOwner { first, second } => {
                begin(&mut events, first, true);
                begin(&mut events, second, true);
                end(&mut events, first, false);
                end(&mut events, second, false);
            }
            Matter::Unjustified { refused, before, after } => {
                begin(&mut events, refused, true);
                for Neighbour { stay, .. } in [before, after].into_iter().flatten() {
                    begin(&mut events, stay, false);
                    end(&mut events, stay, false);
                }
            }
            Matter::NeverReleased { holder } => {
                begin(&mut events, holder, true);
                end(&mut events, holder, false);
            }
            Matter::LockLoss { loser, closer, other } => {
                begin(&mut events, loser, true);
                begin(&mut events, closer, closer.granted_ns().is_none());
                end(&mut events, closer, true);
                begin(&mut events, other, true);
                end(&mut events, loser, false);
                end(&mut events, other, false);
            }
        }
        events.sort_by_key(|event| event.at_ns);
        events
    }

    /// Fewer events first, then what was known earlier.
    pub(super) fn rank(&self) -> (usize, u64) {
        let telling = self.events().into_iter().filter(|event| event.telling);
        telling.fold((0, 0), |(count, _), event| (count + 1, event.at_ns))
    }
}

/// What of two conflicting claims is the conflict, as the second of them would
/// be told.
pub fn conflict(first: Claim, second: Claim) -> Option<Refusal> {
    let wanted = (second.held & first.unshared()).each().map(|p| (Side::Wanted, p));
    let unshared = (second.unshared() & first.held).each().map(|p| (Side::Unshared, p));
    wanted.chain(unshared).map(|(side, permission)| Refusal { side, permission }).next()
}

fn begin(events: &mut Vec<Event>, stay: &Stay, telling: bool) {
    let mut add = |at_ns, kind| events.push(Event { at_ns, opener: stay.opener, kind, telling });
    add(stay.attempt_ns, EventKind::Open(stay.claim));
    match stay.answer {
        Some((at, Answer::Granted)) => add(at, EventKind::Granted),
        Some((at, Answer::Refused(refusal))) => add(at, EventKind::Refused(refusal)),
        None => {}
    }
}

fn end(events: &mut Vec<Event>, stay: &Stay, telling: bool) {
    let mut add = |at_ns, kind| {
        if at_ns != super::span::NEVER {
            events.push(Event { at_ns, opener: stay.opener, kind, telling });
        }
    };
    match stay.end {
        Some(End::Closed { from_ns, until_ns }) => {
            add(from_ns, EventKind::Close);
            add(until_ns, EventKind::Closed);
        }
        Some(End::Died { from_ns, until_ns }) => {
            add(from_ns, EventKind::Alive);
            add(until_ns, EventKind::Died);
        }
        None => {}
    }
}
