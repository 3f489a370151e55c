use serde::Serialize;

use super::span::NEVER;
use super::{HistoryEvent, HistoryEventKind, OpenAnswer, OpenerRole, Opening, OpeningEnd};
use imglock_core::{Claim, Hazard, Refusal, Side};

/// A finding of the judge in a history, with everything that proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryFinding {
    /// The image, as an index into the images of its history.
    pub image: usize,
    /// Whether the finding is true however the clock rounded. Otherwise it may be true.
    pub is_certain: bool,
    /// The kind of finding.
    pub matter: HistoryMatter,
}

impl HistoryFinding {
    /// A finding that is certainly true.
    pub(super) fn certain(matter: HistoryMatter) -> HistoryFinding {
        HistoryFinding { image: 0, is_certain: true, matter }
    }

    /// A finding that may be true.
    pub(super) fn unclear(matter: HistoryMatter) -> HistoryFinding {
        HistoryFinding { image: 0, is_certain: false, matter }
    }
}

/// The kinds of findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryMatter {
    /// Two openers with conflicting claims had the image at the same time.
    TwoHolders {
        /// The opener that had it first.
        first: Opening,
        /// The opener that was granted it beside the first one.
        second: Opening,
    },
    /// An opener was refused, but no conflicting opener was there.
    Unjustified {
        /// The refused opener.
        refused: Opening,
        /// The conflicting opener that released the image last before.
        before: Option<Neighbour>,
        /// The conflicting opener that opened the image first after.
        after: Option<Neighbour>,
    },
    /// An opener was granted the image and never released it, although the history is complete.
    NeverReleased {
        /// The opener.
        holder: Opening,
    },
    /// An opener without an answer and without a close may have held the image. This is not a
    /// contradiction.
    Suspect {
        /// The opener.
        suspect: Opening,
        /// The first opener that was refused while no other opener was a cause. `None` if no refusal
        /// depends on it.
        refused: Option<Opening>,
    },
    /// [`Hazard::SameOwner`]: like `TwoHolders`, but within one process under POSIX.
    SameOwner {
        /// The opener that had it first.
        first: Opening,
        /// The opener that was granted it beside the first one.
        second: Opening,
    },
    /// [`Hazard::LockLoss`]: like `TwoHolders`, but the locks of one of them may have been dropped
    /// when another opener of its process closed a descriptor.
    LockLoss {
        /// The opener that lost its locks.
        loser: Opening,
        /// The opener that closed a descriptor of the image in the same process.
        closer: Opening,
        /// The opener that was granted the image.
        other: Opening,
    },
}

/// An opener that would have conflicted if it had been there at the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// Its opening.
    pub stay: Opening,
    /// The time between it and the refused attempt, in nanoseconds.
    pub apart_ns: u64,
}

impl HistoryMatter {
    /// The hazard, if this is a known way in which the contract breaks.
    pub fn hazard(&self) -> Option<Hazard> {
        match self {
            HistoryMatter::SameOwner { .. } => Some(Hazard::SameOwner),
            HistoryMatter::LockLoss { .. } => Some(Hazard::LockLoss),
            _ => None,
        }
    }

    /// The word in documents.
    pub fn name(&self) -> &'static str {
        match self {
            HistoryMatter::TwoHolders { .. } => "two-holders",
            HistoryMatter::Unjustified { .. } => "unjustified",
            HistoryMatter::NeverReleased { .. } => "never-released",
            HistoryMatter::Suspect { .. } => "suspect",
            HistoryMatter::SameOwner { .. } => Hazard::SameOwner.name(),
            HistoryMatter::LockLoss { .. } => Hazard::LockLoss.name(),
        }
    }

    /// The events that prove the finding and those that help to understand it, in order of time.
    pub fn events(&self) -> Vec<HistoryEvent> {
        let mut events = Vec::new();
        match self {
            HistoryMatter::TwoHolders { first, second }
            | HistoryMatter::SameOwner { first, second } => {
                for stay in [first, second] {
                    events.extend(
                        beginning(stay, OpenerRole::Proof).chain(ending(stay, OpenerRole::Context)),
                    );
                }
            }
            HistoryMatter::Unjustified { refused, before, after } => {
                events.extend(beginning(refused, OpenerRole::Proof));
                events.extend(before.iter().flat_map(Neighbour::gone));
                events.extend(after.iter().flat_map(Neighbour::came));
            }
            HistoryMatter::NeverReleased { holder } => {
                events.extend(
                    beginning(holder, OpenerRole::Proof).chain(ending(holder, OpenerRole::Context)),
                );
            }
            HistoryMatter::Suspect { suspect, refused } => {
                events.extend(
                    beginning(suspect, OpenerRole::Suspect)
                        .chain(ending(suspect, OpenerRole::Context)),
                );
                events.extend(refused.iter().flat_map(|one| beginning(one, OpenerRole::Proof)));
            }
            HistoryMatter::LockLoss { loser, closer, other } => {
                for stay in [loser, other] {
                    events.extend(
                        beginning(stay, OpenerRole::Proof).chain(ending(stay, OpenerRole::Context)),
                    );
                }
                // A refused opener has closed the image within its attempt.
                let is_holder = closer.granted_ns().is_some();
                let attempt = if is_holder { OpenerRole::Context } else { OpenerRole::Proof };
                events.extend(beginning(closer, attempt).chain(ending(closer, OpenerRole::Proof)));
                if let Some(last) = events.last_mut() {
                    last.role = OpenerRole::Loss;
                }
            }
        }
        events.sort_by_key(|event| event.at_ns);
        let answered = |event: &&mut HistoryEvent| {
            let is_answer =
                matches!(event.kind, HistoryEventKind::Granted | HistoryEventKind::Refused(_));
            is_answer && event.role == OpenerRole::Proof
        };
        if let Some(point) = events.iter_mut().rev().find(answered) {
            point.role = OpenerRole::Point;
        }
        events
    }

    /// The order of importance: fewer events first, then earlier events.
    pub(super) fn rank(&self) -> (usize, u64) {
        let proof = self.events().into_iter().filter(HistoryEvent::is_proof);
        proof.fold((0, 0), |(count, _), event| (count + 1, event.at_ns))
    }
}

impl Neighbour {
    fn gone(&self) -> Vec<HistoryEvent> {
        let mut events = self.events();
        let until = self.stay.possible().until;
        if let Some(last) = events.iter_mut().rev().find(|event| event.at_ns == until) {
            last.role = OpenerRole::Gone { apart_ns: self.apart_ns };
        }
        events
    }

    fn came(&self) -> Vec<HistoryEvent> {
        let mut events = self.events();
        events[0].role = OpenerRole::Came { apart_ns: self.apart_ns };
        events
    }

    fn events(&self) -> Vec<HistoryEvent> {
        let Neighbour { stay, .. } = self;
        beginning(stay, OpenerRole::Context).chain(ending(stay, OpenerRole::Context)).collect()
    }
}

/// The first conflict of two claims, as it would be reported to the second opener. `None` if they
/// do not conflict.
pub fn claim_conflict(first: Claim, second: Claim) -> Option<Refusal> {
    let wanted = (second.held & first.unshared()).each().map(|p| (Side::Wanted, p));
    let unshared = (second.unshared() & first.held).each().map(|p| (Side::Unshared, p));
    wanted.chain(unshared).map(|(side, permission)| Refusal { side, permission }).next()
}

/// The attempt and its answer.
fn beginning(stay: &Opening, role: OpenerRole) -> impl Iterator<Item = HistoryEvent> {
    let opener = stay.opener;
    let answer = stay.answer.map(|(at_ns, answer)| match answer {
        OpenAnswer::Granted => (at_ns, HistoryEventKind::Granted),
        OpenAnswer::Refused(refusal) => (at_ns, HistoryEventKind::Refused(refusal)),
    });
    let attempt = (stay.attempt_ns, HistoryEventKind::Open(stay.claim));
    let both = [Some(attempt), answer].into_iter().flatten();
    both.map(move |(at_ns, kind)| HistoryEvent { at_ns, opener, kind, role })
}

/// The release, as far as it is known.
fn ending(stay: &Opening, role: OpenerRole) -> impl Iterator<Item = HistoryEvent> {
    let opener = stay.opener;
    let last_ns = stay.answer.map_or(stay.attempt_ns, |(at_ns, _)| at_ns);
    let both = stay.end.map(|end| match end {
        OpeningEnd::Closed { from_ns, until_ns } => {
            let closed = (until_ns != NEVER).then_some((until_ns, HistoryEventKind::Closed));
            [Some((from_ns, HistoryEventKind::Close)), closed]
        }
        // Its last event also proves that it was alive.
        OpeningEnd::Died { from_ns, until_ns } => {
            let alive = (from_ns > last_ns).then_some((from_ns, HistoryEventKind::Alive));
            [alive, Some((until_ns, HistoryEventKind::Died))]
        }
    });
    let both = both.into_iter().flatten().flatten();
    both.map(move |(at_ns, kind)| HistoryEvent { at_ns, opener, kind, role })
}
