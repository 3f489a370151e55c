mod bytes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::run::books::{Books, FullName, Node, Role};
use crate::run::breach::Breach;
use bytes::{Sights, judge_table};
use imglock_core::{Action, Backend, Claim, Hazard, Outcome, TableLock};
use imglock_scenario::Step;

/// One step as the contract sees it.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The actor.
    pub actor: &'a str,
    /// The attempted action: for `await`, the step that was awaited.
    pub action: &'a Action,
    /// The image of the step, as of its begin.
    pub image: Option<usize>,
    /// The outcome of the step.
    pub outcome: &'a Outcome,
    /// The claims that other actors have or attempt at the same moment.
    pub peers: &'a [Peer],
    /// The kernel's lock table after the step, where it was read.
    pub table: Option<&'a [TableLock]>,
}

/// A claim of another actor at the same moment, held or attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The index of the image.
    pub image: usize,
    /// The claim.
    pub claim: Claim,
    /// Whether the actor has locks on the image that byte verbs took.
    pub raw_locks: bool,
}

impl Peer {
    /// The claims of a block's step, each with its image: the claim that it
    /// attempts, and the claims that the actor has already.
    pub fn claims(books: &Books, step: &Step) -> Vec<Peer> {
        let attempted = books.attempted(&step.actor, &step.action);
        let attempted = attempted.into_iter().chain(books.in_flight_by(&step.actor));
        let attempted = attempted.map(|(image, claim)| Peer { image, claim, raw_locks: false });
        let in_force = books.nodes_of(&step.actor).map(|node| Peer {
            image: node.image,
            claim: node.claim_in_force(),
            raw_locks: node.raw_locks,
        });
        attempted.chain(in_force).collect()
    }
}

/// Watches a run for breaches of the contract: two live openers that conflict,
/// a refusal without a conflict, locks of an opener that was refused, closed or
/// has exited, and lost locks of a live opener.
///
/// It uses outcomes and the kernel's lock table only, neither the model nor the
/// scenario's expectations.
#[derive(Debug, Default)]
pub struct Contract {
    sights: Sights,
    /// Known conflicts, by the two descriptions. A later step that only
    /// releases permissions is granted, and the same conflict remains.
    known: HashMap<(usize, usize), Hazard>,
    /// Whether OFD locks remain after their file is closed.
    loses_sight_of_ofd: bool,
    /// Every claim ever granted with OFD locks, where these locks remain.
    granted: Vec<(usize, Claim)>,
}

/// An attempt to acquire a claim.
struct Attempt<'a> {
    name: FullName<'a>,
    image: usize,
    /// The image that its name refers to now.
    image_by_name: Option<usize>,
    claim: Claim,
    locks: Option<Backend>,
    /// `None` while the opener has no description (its open was refused).
    description: Option<usize>,
    /// The descriptions it left by reopening.
    former: &'a [usize],
    /// Whether this attempt is a reopen that led to another image.
    moved: bool,
}

impl Attempt<'_> {
    /// Whether a node is another descriptor of the same open file description,
    /// and so has the same owner. The owner of POSIX locks is the process: a
    /// copy in another process is another opener.
    fn is_copy_of(&self, name: FullName<'_>, other: &Node) -> bool {
        let posix = [self.locks, other.locks].contains(&Some(Backend::Posix));
        self.description == Some(other.description) && (!posix || self.name.root == name.root)
    }

    /// Whether the two nodes shared a description before one of them reopened.
    /// Their conflict was not checked at that time.
    fn was_one_with(&self, other: &Node) -> bool {
        self.former.contains(&other.description)
            || self.description.is_some_and(|open| other.former.contains(&open))
            || self.former.iter().any(|left| other.former.contains(left))
    }
}

impl Contract {
    /// A contract for a file system where OFD locks may remain after their file
    /// is closed. This decides which hazard explains a refusal without a
    /// conflicting opener.
    pub fn losing_sight_of_ofd(loses_sight_of_ofd: bool) -> Contract {
        Contract { loses_sight_of_ofd, ..Contract::default() }
    }

    /// Checks one step, after `books` have entered it.
    pub fn observe(&mut self, books: &Books, seen: &Observation<'_>) -> Vec<Breach> {
        let mut breaches = Vec::new();
        if let Some(table) = seen.table {
            breaches.extend(judge_table(books, table, &mut self.sights));
        }
        if let Some(attempt) = attempt(books, seen) {
            match seen.outcome {
                Outcome::Granted => {
                    if self.loses_sight_of_ofd && attempt.locks == Some(Backend::Ofd) {
                        self.granted.push((attempt.image, attempt.claim));
                    }
                    breaches.extend(self.granted(books, &attempt, seen));
                    breaches.extend(slipped_in(books, &attempt, seen));
                }
                Outcome::Refused(_) | Outcome::LockByte { .. } => {
                    let stays = |(image, claim): &(usize, Claim)| {
                        *image == attempt.image && attempt.claim.conflicts_with(*claim)
                    };
                    let leaked =
                        self.sights.has_leak(attempt.image) || self.granted.iter().any(stays);
                    breaches.extend(refused(books, &attempt, seen, leaked));
                }
                _ => {}
            }
        }
        breaches
    }

    /// A granted claim must not conflict with the claim of another opener.
    fn granted(
        &mut self,
        books: &Books,
        granted: &Attempt<'_>,
        seen: &Observation<'_>,
    ) -> Option<Breach> {
        if granted.claim == Claim::NOTHING || !books.has_conflict(granted.image, granted.claim) {
            return None;
        }
        let (name, other) = books.nodes().find(|(name, other)| {
            other.image == granted.image
                && other.role == Role::Acquired
                && !granted.is_copy_of(*name, other)
                && granted.claim.conflicts_with(other.claim_in_force())
        })?;
        let pair = granted
            .description
            .map(|open| (open.min(other.description), open.max(other.description)));
        let hazard = if granted.locks.is_none() || other.locks.is_none() {
            Some(Hazard::Unlocked)
        } else if same_process(granted, name, other) {
            Some(Hazard::SameOwner)
        } else if seen.table.is_none() && (granted.was_one_with(other) || granted.moved) {
            Some(Hazard::Unchecked)
        } else if seen.table.is_none()
            || self.sights.lacked(name, &[other.description])
            || self.sights.lacked(name, &other.former)
        {
            Some(Hazard::LockLoss)
        } else if self.sights.lacked(granted.name, granted.description.as_slice())
            || self.sights.lacked(granted.name, granted.former)
        {
            // A request for no new permission conflicts with no lock.
            Some(Hazard::LockLoss)
        } else if granted.was_one_with(other) || granted.moved {
            Some(Hazard::Unchecked)
        } else {
            pair.and_then(|pair| self.known.get(&pair).copied())
        };
        if let (Some(pair), Some(hazard)) = (pair, hazard) {
            self.known.insert(pair, hazard);
        }
        Some(Breach {
            hazard,
            expected: format!("refused: {name} {}", other.claim_in_force()),
            actual: format!("{} was granted: it {}", granted.name, granted.claim),
            message: format!("{} and {name} conflict, and both were granted", granted.name),
        })
    }
}

/// An image that a source released for a waiting destination must go to one of
/// these two, and not to a third opener that conflicts with both.
fn slipped_in(books: &Books, granted: &Attempt<'_>, seen: &Observation<'_>) -> Option<Breach> {
    // Source and destination activate; any other action is a third opener's.
    if matches!(seen.action, Action::Activate { .. }) || !books.is_given_up(granted.image) {
        return None;
    }
    let party = |is: fn(&Node) -> bool| {
        books.nodes().find(|(_, node)| {
            node.image == granted.image && is(node) && granted.claim.conflicts_with(node.claim)
        })
    };
    let (source, _) = party(|node| node.gave_up && node.role == Role::Acquired)?;
    let (destination, _) = party(Node::waits)?;
    if [source.root, destination.root].contains(&granted.name.root) {
        return None;
    }
    Some(Breach {
        hazard: Some(Hazard::HandoverGap),
        expected: format!("{source} released the image for {destination}, which waits for it"),
        actual: format!("{} was granted: it {}", granted.name, granted.claim),
        message: format!("{} took the image between {source} and {destination}", granted.name),
    })
}

fn same_process(granted: &Attempt<'_>, name: FullName<'_>, other: &Node) -> bool {
    granted.locks == Some(Backend::Posix)
        && other.locks == Some(Backend::Posix)
        && granted.name.root == name.root
}

/// A refusal needs a conflicting holder, or a conflicting attempt in flight.
fn refused(
    books: &Books,
    refused: &Attempt<'_>,
    seen: &Observation<'_>,
    leaked: bool,
) -> Option<Breach> {
    // A reopen can also conflict with the openers of the image that its name
    // refers to now.
    let leaves = matches!(seen.action, Action::Reopen { .. });
    let others = || {
        books.nodes().filter(|(name, other)| {
            let image = Some(other.image);
            let meets = image == Some(refused.image) || (leaves && image == refused.image_by_name);
            meets && !refused.is_copy_of(*name, other)
        })
    };
    // Locks that byte verbs took on the description that the reopen leaves.
    let own = books.nodes().any(|(name, node)| leaves && name == refused.name && node.raw_locks);
    let beside = seen.peers.iter().any(|peer| peer.image == refused.image && peer.raw_locks);
    let foreign = own || beside || others().any(|(_, other)| other.raw_locks);
    let conflicts = |claim: Claim| refused.claim.conflicts_with(claim);
    let in_flight =
        seen.peers.iter().any(|peer| peer.image == refused.image && conflicts(peer.claim))
            || books.in_flight().any(|(image, claim)| image == refused.image && conflicts(claim));
    let lock_byte_failed = matches!(seen.outcome, Outcome::LockByte { .. });
    if foreign || (in_flight && !lock_byte_failed) {
        return None;
    }
    if let Outcome::LockByte { error, .. } = seen.outcome
        && *error != imglock_core::Errno::EAGAIN
    {
        // The cause is not another opener but the descriptor or the file
        // system.
        return None;
    }
    let mut leaked = leaked
        || books.orphaned(refused.image).any(conflicts)
        || (seen.table.is_none() && left_in_a_copy(books, refused.image));
    // Openers take read locks only, and read locks do not conflict.
    let others = others().filter(|_| !lock_byte_failed);
    for (_, other) in others.filter(|(_, other)| conflicts(other.claim_in_force())) {
        match other.role {
            Role::Acquired | Role::Given => return None,
            Role::Inherited => leaked = true,
        }
    }
    Some(Breach {
        hazard: leaked.then_some(Hazard::LeakedLock),
        expected: "granted: no live opener conflicts".to_owned(),
        actual: format!("{}: it {}", seen.outcome, refused.claim),
        message: format!("{} was refused although no live opener conflicts with it", refused.name),
    })
}

/// Whether an opener has reopened and left its former description to a copy.
/// The copy may keep bytes that no opener claims; only the lock table shows
/// them.
fn left_in_a_copy(books: &Books, image: usize) -> bool {
    let of_image = || books.nodes().filter(|(_, node)| node.image == image);
    of_image().any(|(_, copy)| {
        copy.copied && of_image().any(|(_, node)| node.former.contains(&copy.description))
    })
}

fn attempt<'a>(books: &'a Books, seen: &'a Observation<'a>) -> Option<Attempt<'a>> {
    let node = seen.action.node()?;
    let name = books.full_name(seen.actor, node)?;
    if let Action::Open { options, .. } = seen.action
        && *seen.outcome != Outcome::Granted
    {
        let (locks, _) = books.resolve(options);
        let image = seen.image?;
        let claim = options.mode.claim();
        return Some(Attempt {
            name,
            image,
            image_by_name: Some(image),
            claim,
            locks,
            description: None,
            former: &[],
            moved: false,
        });
    }
    let open = books.node(seen.actor, node)?;
    let claim = match seen.action {
        Action::Open { .. } => open.claim_in_force(),
        Action::Set { mode, .. } | Action::Reopen { mode, .. } if open.active => mode.claim(),
        Action::Activate { .. } => open.claim,
        _ => return None,
    };
    Some(Attempt {
        name,
        image: open.image,
        image_by_name: books.image(&open.options.image),
        claim,
        locks: open.locks,
        description: Some(open.description),
        former: &open.former,
        moved: matches!(seen.action, Action::Reopen { .. }) && seen.image != Some(open.image),
    })
}
