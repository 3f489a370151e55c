use serde::Serialize;

use super::span::NEVER;
use super::{Answer, End, Event, EventKind, Role, Stay};
use imglock_core::image::{Claim, Refusal, Side};
use imglock_core::step::Hazard;

/// What a judge found in a history, with all that proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// On which image, as an index into the images of its history.
    pub image: usize,
    /// Whether it is so however the clock rounded; otherwise it may be so.
    pub is_certain: bool,
    /// What it is.
    pub matter: Matter,
}

impl Finding {
    /// Something that is so.
    pub(super) fn certain(matter: Matter) -> Finding {
        Finding { image: 0, is_certain: true, matter }
    }

    /// Something that may be so.
    pub(super) fn unclear(matter: Matter) -> Finding {
        Finding { image: 0, is_certain: false, matter }
    }
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

    /// The word that documents use.
    pub fn name(&self) -> &'static str {
        match self {
            Matter::TwoHolders { .. } => "two-holders",
            Matter::Unjustified { .. } => "unjustified",
            Matter::NeverReleased { .. } => "never-released",
            Matter::SameOwner { .. } => Hazard::SameOwner.name(),
            Matter::LockLoss { .. } => Hazard::LockLoss.name(),
        }
    }

    /// The events that prove it, and those that help to understand it, in
    /// order of time.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        match self {
            Matter::TwoHolders { first, second } | Matter::SameOwner { first, second } => {
                for stay in [first, second] {
                    events.extend(beginning(stay, Role::Proof).chain(ending(stay, Role::Context)));
                }
            }
            Matter::Unjustified { refused, before, after } => {
                events.extend(beginning(refused, Role::Proof));
                events.extend(before.iter().flat_map(Neighbour::gone));
                events.extend(after.iter().flat_map(Neighbour::came));
            }
            Matter::NeverReleased { holder } => {
                events.extend(beginning(holder, Role::Proof).chain(ending(holder, Role::Context)));
            }
            Matter::LockLoss { loser, closer, other } => {
                for stay in [loser, other] {
                    events.extend(beginning(stay, Role::Proof).chain(ending(stay, Role::Context)));
                }
                // One that was refused has closed within its attempt.
                let is_holder = closer.granted_ns().is_some();
                let attempt = if is_holder { Role::Context } else { Role::Proof };
                events.extend(beginning(closer, attempt).chain(ending(closer, Role::Proof)));
                if let Some(last) = events.last_mut() {
                    last.role = Role::Loss;
                }
            }
        }
        events.sort_by_key(|event| event.at_ns);
        let answered = |event: &&mut Event| {
            let is_answer = matches!(event.kind, EventKind::Granted | EventKind::Refused(_));
            is_answer && event.role == Role::Proof
        };
        if let Some(point) = events.iter_mut().rev().find(answered) {
            point.role = Role::Point;
        }
        events
    }

    /// Fewer events first, then what was known earlier.
    pub(super) fn rank(&self) -> (usize, u64) {
        let proof = self.events().into_iter().filter(Event::is_proof);
        proof.fold((0, 0), |(count, _), event| (count + 1, event.at_ns))
    }
}

impl Neighbour {
    fn gone(&self) -> Vec<Event> {
        let mut events = self.events();
        let until = self.stay.possible().until;
        if let Some(last) = events.iter_mut().rev().find(|event| event.at_ns == until) {
            last.role = Role::Gone { apart_ns: self.apart_ns };
        }
        events
    }

    fn came(&self) -> Vec<Event> {
        let mut events = self.events();
        events[0].role = Role::Came { apart_ns: self.apart_ns };
        events
    }

    fn events(&self) -> Vec<Event> {
        let Neighbour { stay, .. } = self;
        beginning(stay, Role::Context).chain(ending(stay, Role::Context)).collect()
    }
}

/// What of two conflicting claims is the conflict, as the second of them would
/// be told.
pub fn conflict(first: Claim, second: Claim) -> Option<Refusal> {
    let wanted = (second.held & first.unshared()).each().map(|p| (Side::Wanted, p));
    let unshared = (second.unshared() & first.held).each().map(|p| (Side::Unshared, p));
    wanted.chain(unshared).map(|(side, permission)| Refusal { side, permission }).next()
}

/// The attempt and its answer.
fn beginning(stay: &Stay, role: Role) -> impl Iterator<Item = Event> {
    let opener = stay.opener;
    let answer = stay.answer.map(|(at_ns, answer)| match answer {
        Answer::Granted => (at_ns, EventKind::Granted),
        Answer::Refused(refusal) => (at_ns, EventKind::Refused(refusal)),
    });
    let attempt = (stay.attempt_ns, EventKind::Open(stay.claim));
    let both = [Some(attempt), answer].into_iter().flatten();
    both.map(move |(at_ns, kind)| Event { at_ns, opener, kind, role })
}

/// How it let go, as far as that is known.
fn ending(stay: &Stay, role: Role) -> impl Iterator<Item = Event> {
    let opener = stay.opener;
    let last_ns = stay.answer.map_or(stay.attempt_ns, |(at_ns, _)| at_ns);
    let both = stay.end.map(|end| match end {
        End::Closed { from_ns, until_ns } => {
            let closed = (until_ns != NEVER).then_some((until_ns, EventKind::Closed));
            [Some((from_ns, EventKind::Close)), closed]
        }
        // Its last event is a sign of life as well.
        End::Died { from_ns, until_ns } => {
            let alive = (from_ns > last_ns).then_some((from_ns, EventKind::Alive));
            [alive, Some((until_ns, EventKind::Died))]
        }
    });
    let both = both.into_iter().flatten().flatten();
    both.map(move |(at_ns, kind)| Event { at_ns, opener, kind, role })
}
