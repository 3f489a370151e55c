use serde::Serialize;

use super::span::NEVER;
use super::{HistoryEvent, HistoryEventKind, OpenAnswer, OpenerRole, Opening, OpeningEnd};
use imglock_core::Hazard;
use imglock_core::{Claim, Refusal, Side};

/// What a judge found in a history, with all that proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryFinding {
    /// On which image, as an index into the images of its history.
    pub image: usize,
    /// Whether it is so however the clock rounded; otherwise it may be so.
    pub is_certain: bool,
    /// What it is.
    pub matter: HistoryMatter,
}

impl HistoryFinding {
    /// Something that is so.
    pub(super) fn certain(matter: HistoryMatter) -> HistoryFinding {
        HistoryFinding { image: 0, is_certain: true, matter }
    }

    /// Something that may be so.
    pub(super) fn unclear(matter: HistoryMatter) -> HistoryFinding {
        HistoryFinding { image: 0, is_certain: false, matter }
    }
}

/// What can be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryMatter {
    /// Two had the image at the same time whose claims conflict.
    TwoHolders {
        /// Who had it first.
        first: Opening,
        /// Who was let in beside it.
        second: Opening,
    },
    /// One was refused, and nobody was there who offends.
    Unjustified {
        /// Whoever was refused.
        refused: Opening,
        /// The last that offends of those who had gone.
        before: Option<Neighbour>,
        /// The first that offends of those who came later.
        after: Option<Neighbour>,
    },
    /// One was granted and never let go, although the history is complete.
    NeverReleased {
        /// That one.
        holder: Opening,
    },
    /// [`Hazard::SameOwner`]: as `TwoHolders`, of one process under POSIX.
    SameOwner {
        /// Who had it first.
        first: Opening,
        /// Who was let in beside it.
        second: Opening,
    },
    /// [`Hazard::LockLoss`]: as `TwoHolders`, and the locks of one of them may
    /// have gone with a descriptor that another opener of its process closed.
    LockLoss {
        /// Who lost its locks.
        loser: Opening,
        /// Who closed a descriptor of the image in the same process.
        closer: Opening,
        /// Who was let in.
        other: Opening,
    },
}

/// One who would have offended, had it been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// Its stay.
    pub stay: Opening,
    /// How far away it was from the attempt that was refused.
    pub apart_ns: u64,
}

impl HistoryMatter {
    /// Its name, where it breaks the contract in a known way.
    pub fn hazard(&self) -> Option<Hazard> {
        match self {
            HistoryMatter::SameOwner { .. } => Some(Hazard::SameOwner),
            HistoryMatter::LockLoss { .. } => Some(Hazard::LockLoss),
            _ => None,
        }
    }

    /// The word that documents use.
    pub fn name(&self) -> &'static str {
        match self {
            HistoryMatter::TwoHolders { .. } => "two-holders",
            HistoryMatter::Unjustified { .. } => "unjustified",
            HistoryMatter::NeverReleased { .. } => "never-released",
            HistoryMatter::SameOwner { .. } => Hazard::SameOwner.name(),
            HistoryMatter::LockLoss { .. } => Hazard::LockLoss.name(),
        }
    }

    /// The events that prove it, and those that help to understand it, in
    /// order of time.
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
            HistoryMatter::LockLoss { loser, closer, other } => {
                for stay in [loser, other] {
                    events.extend(
                        beginning(stay, OpenerRole::Proof).chain(ending(stay, OpenerRole::Context)),
                    );
                }
                // One that was refused has closed within its attempt.
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

    /// Fewer events first, then what was known earlier.
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

/// What of two conflicting claims is the conflict, as the second of them would
/// be told.
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

/// How it let go, as far as that is known.
fn ending(stay: &Opening, role: OpenerRole) -> impl Iterator<Item = HistoryEvent> {
    let opener = stay.opener;
    let last_ns = stay.answer.map_or(stay.attempt_ns, |(at_ns, _)| at_ns);
    let both = stay.end.map(|end| match end {
        OpeningEnd::Closed { from_ns, until_ns } => {
            let closed = (until_ns != NEVER).then_some((until_ns, HistoryEventKind::Closed));
            [Some((from_ns, HistoryEventKind::Close)), closed]
        }
        // Its last event is a sign of life as well.
        OpeningEnd::Died { from_ns, until_ns } => {
            let alive = (from_ns > last_ns).then_some((from_ns, HistoryEventKind::Alive));
            [alive, Some((until_ns, HistoryEventKind::Died))]
        }
    });
    let both = both.into_iter().flatten().flatten();
    both.map(move |(at_ns, kind)| HistoryEvent { at_ns, opener, kind, role })
}
