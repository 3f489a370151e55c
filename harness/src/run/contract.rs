use std::collections::HashSet;

use super::books::{Books, FullName};
use super::books_node::{Node, Role};
use super::breach::Breach;
use super::contract_bytes::judge_table;
use crate::image::Claim;
use crate::lock::Backend;
use crate::step::{Action, Hazard, Outcome, TableLock};

/// One step as the contract sees it.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Who acted.
    pub actor: &'a str,
    /// What was attempted: for `await`, the step that was awaited.
    pub action: &'a Action,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// What others attempt at the same moment.
    pub peers: &'a [(usize, Claim)],
    /// The kernel's lock table afterwards, where it was read.
    pub table: Option<&'a [TableLock]>,
}

/// Watches a run for breaches of the contract: no two live conflicting
/// openers, no refusal without a conflict, nothing held by the refused, the
/// closed and the dead, nothing lost by the living.
///
/// It looks at outcomes and at the kernel's table only, and knows neither the
/// model nor what the scenario expects.
#[derive(Debug, Default)]
pub struct Contract {
    /// Openers whose locks are known to be gone.
    lost: HashSet<(String, usize)>,
}

/// An attempt to acquire a claim.
struct Attempt<'a> {
    name: FullName<'a>,
    image: usize,
    claim: Claim,
    locks: Option<Backend>,
    /// `None` while the opener has no description (its open was refused).
    description: Option<usize>,
}

impl Contract {
    /// Looks at one step, after `books` have entered it.
    pub fn observe(&mut self, books: &Books, seen: &Observation<'_>) -> Vec<Breach> {
        let mut breaches = Vec::new();
        if let Some(table) = seen.table {
            breaches.extend(judge_table(books, table, &mut self.lost));
        }
        if let Some(attempt) = attempt(books, seen) {
            match seen.outcome {
                Outcome::Granted => {
                    breaches.extend(self.granted(books, &attempt, seen));
                    breaches.extend(slipped_in(books, &attempt, seen));
                }
                Outcome::Refused(_) | Outcome::LockByte { .. } => {
                    breaches.extend(refused(books, &attempt, seen));
                }
                _ => {}
            }
        }
        breaches
    }

    /// Nobody else may hold what the granted one does not share, or hold it
    /// unshared.
    fn granted(
        &self,
        books: &Books,
        granted: &Attempt<'_>,
        seen: &Observation<'_>,
    ) -> Option<Breach> {
        if granted.claim == Claim::NOTHING {
            return None;
        }
        let (name, other) = books.nodes().find(|(_, other)| {
            other.image == granted.image
                && other.role == Role::Acquired
                && Some(other.description) != granted.description
                && granted.claim.conflicts_with(other.claim_in_force())
        })?;
        let hazard = if granted.locks.is_none() || other.locks.is_none() {
            Some(Hazard::Unlocked)
        } else if same_process(granted, name, other) {
            Some(Hazard::SameOwner)
        } else if seen.table.is_none() || self.lost.contains(&(name.to_string(), other.description))
        {
            Some(Hazard::LockLoss)
        } else {
            None
        };
        Some(Breach {
            hazard,
            expected: format!("refused: {name} {}", other.claim_in_force()),
            actual: format!("{} was granted: it {}", granted.name, granted.claim),
            message: format!("{} and {name} conflict, and both were granted", granted.name),
        })
    }
}

/// An image that a source gave up while a destination waits for it must go to
/// one of the two, and not to somebody who conflicts with both.
fn slipped_in(books: &Books, granted: &Attempt<'_>, seen: &Observation<'_>) -> Option<Breach> {
    // Source and destination activate; whoever does not comes from outside.
    if matches!(seen.action, Action::Activate { .. }) {
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
        expected: format!("{source} gave the image up for {destination}, which waits for it"),
        actual: format!("{} was granted: it {}", granted.name, granted.claim),
        message: format!("{} took the image between {source} and {destination}", granted.name),
    })
}

fn same_process(granted: &Attempt<'_>, name: FullName<'_>, other: &Node) -> bool {
    granted.locks == Some(Backend::Posix)
        && other.locks == Some(Backend::Posix)
        && granted.name.root == name.root
}

/// A refusal needs a holder, or an attempt in flight, that conflicts.
fn refused(books: &Books, refused: &Attempt<'_>, seen: &Observation<'_>) -> Option<Breach> {
    let others = || {
        books.nodes().filter(|(_, other)| {
            other.image == refused.image && Some(other.description) != refused.description
        })
    };
    let foreign = others().any(|(_, other)| other.raw_locks);
    let conflicts = |claim: Claim| refused.claim.conflicts_with(claim);
    let in_flight =
        seen.peers.iter().any(|(image, claim)| *image == refused.image && conflicts(*claim))
            || books.all_pending().any(|(actor, action)| {
                books
                    .attempted(actor, action)
                    .is_some_and(|(image, claim)| image == refused.image && conflicts(claim))
            });
    let lock_byte_failed = matches!(seen.outcome, Outcome::LockByte { .. });
    if foreign || (in_flight && !lock_byte_failed) {
        return None;
    }
    if let Outcome::LockByte { error, .. } = seen.outcome
        && error.0 != nix::errno::Errno::EAGAIN
    {
        // Not about another opener: the descriptor, or the file system.
        return None;
    }
    let mut leaked = false;
    // Openers take read locks only, and those keep nobody from locking a byte.
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
        message: format!("{} was refused although no live opener is in its way", refused.name),
    })
}

fn attempt<'a>(books: &'a Books, seen: &'a Observation<'a>) -> Option<Attempt<'a>> {
    let node = seen.action.node()?;
    let name = books.full_name(seen.actor, node)?;
    if let Action::Open { options, .. } = seen.action
        && *seen.outcome != Outcome::Granted
    {
        let (locks, _) = books.resolve(options);
        let image = books.image(&options.image)?;
        let claim = options.mode.claim();
        return Some(Attempt { name, image, claim, locks, description: None });
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
        claim,
        locks: open.locks,
        description: Some(open.description),
    })
}
