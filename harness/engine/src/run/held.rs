//! Compares a `held` statement with a lock table.

use std::collections::{BTreeMap, BTreeSet};

use super::books::Node;
use super::books::{Books, FullName};
use imglock_core::{Action, Backend, ByteRange, LockHolder, LockType, NodeName, TableLock};
use imglock_scenario::{HeldEntry, HeldStatement};

/// Locks of one owner on one image, neighbours joined: granted, waited for.
type Locks = BTreeSet<(bool, LockType, ByteRange)>;

/// An image and an owner of locks on it. The owner is `vm1.disk` (or the first
/// of the nodes that share its description), or the process `vm1`. The kernel's
/// table shows no owner for a waiting OFD lock.
type Owner = (usize, LockHolder);

/// Locks by image and owner.
type Owned = BTreeMap<Owner, Locks>;

/// Stands for an owner that the kernel does not name.
fn unknown_holder() -> LockHolder {
    LockHolder::Process("?".to_owned())
}

/// A `held` statement and a lock table, both as text lines. They are equal when
/// the statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) stated: Vec<String>,
    pub(super) actual: Vec<String>,
}

impl Comparison {
    pub(super) fn agrees(&self) -> bool {
        self.stated == self.actual
    }
}

/// Compares a statement with a lock table.
pub(super) fn compare(books: &Books, statement: &HeldStatement, table: &[TableLock]) -> Comparison {
    let mut stated = Owned::new();
    let mut representatives = BTreeMap::new();
    let mut unknown = Vec::new();
    for entry in &statement.entries {
        match owner_of(books, entry) {
            Some((owner, aliases)) => {
                for alias in aliases {
                    representatives.insert(alias, owner.1.clone());
                }
                let granted = entry.locks.iter().map(|(kind, range)| (false, *kind, *range));
                stated.entry(owner.clone()).or_default().extend(granted);
                let waiting = entry.waiting.iter().map(|(kind, range)| (true, *kind, *range));
                stated.entry(waiter(books, entry, owner)).or_default().extend(waiting);
            }
            None => unknown.push(format!("{}, which is not open", entry.node)),
        }
    }
    let mut actual = Owned::new();
    for lock in table {
        let holder = lock.holders.first().cloned().unwrap_or_else(unknown_holder);
        let owner = representatives.get(&holder).cloned().unwrap_or(holder);
        let entry = (lock.waiting, lock.kind, lock.range);
        actual.entry((lock.image, owner)).or_default().insert(entry);
    }
    let mut stated = lines(stated);
    stated.extend(unknown);
    Comparison { stated, actual: lines(actual) }
}

/// The owner of an entry's locks, and every name the table may give it.
fn owner_of(books: &Books, entry: &HeldEntry) -> Option<(Owner, Vec<LockHolder>)> {
    let Some(node) = books.node(&entry.node.actor, &entry.node.node) else {
        return opening(books, entry);
    };
    let name = books.full_name(&entry.node.actor, &entry.node.node)?;
    match node.locks.unwrap_or_else(|| books.byte_backend(&node.options)) {
        Backend::Posix => {
            let process = LockHolder::Process(name.root.to_owned());
            Some(((node.image, process.clone()), vec![process]))
        }
        Backend::Ofd => {
            let same = |(name, other): (FullName<'_>, &Node)| {
                (other.description == node.description).then(|| name.to_name().into())
            };
            let mut aliases: Vec<LockHolder> = books.nodes().filter_map(same).collect();
            aliases.sort();
            Some(((node.image, aliases.first()?.clone()), aliases))
        }
    }
}

/// The owner of the locks of a node whose open is paused half-way. Its
/// descriptor is not known yet, so under OFD its locks have no holder in the
/// table.
fn opening(books: &Books, entry: &HeldEntry) -> Option<(Owner, Vec<LockHolder>)> {
    let process = books.owner(&entry.node.actor)?;
    let Some(Action::Open { node, options }) = books.pending(&entry.node.actor) else {
        return None;
    };
    if *node != entry.node.node {
        return None;
    }
    let image = books.image_of(&entry.node.actor, &Action::Await)?;
    Some(match books.resolve(options).0? {
        Backend::Posix => {
            let process = LockHolder::Process(process.to_owned());
            ((image, process.clone()), vec![process])
        }
        Backend::Ofd => ((image, unknown_holder()), vec![NodeName::new(process, node).into()]),
    })
}

fn waiter(books: &Books, entry: &HeldEntry, owner: Owner) -> Owner {
    let ofd = books
        .node(&entry.node.actor, &entry.node.node)
        .is_some_and(|node| books.byte_backend(&node.options) == Backend::Ofd);
    if ofd { (owner.0, unknown_holder()) } else { owner }
}

fn lines(owned: Owned) -> Vec<String> {
    owned
        .into_iter()
        .flat_map(|((image, owner), locks)| {
            joined(locks).into_iter().map(move |(waiting, kind, range)| {
                let verb = if waiting { "waits for" } else { "has" };
                format!("{owner} {verb} {kind} {range} (image {image})")
            })
        })
        .collect()
}

/// Joins neighbouring ranges of one type, as the kernel does.
fn joined(locks: Locks) -> Vec<(bool, LockType, ByteRange)> {
    let mut result: Vec<(bool, LockType, ByteRange)> = Vec::new();
    for (waiting, kind, range) in locks {
        match result.last_mut() {
            Some((false, last_kind, last))
                if !waiting && *last_kind == kind && range.first <= last.last.saturating_add(1) =>
            {
                last.last = last.last.max(range.last);
            }
            _ => result.push((waiting, kind, range)),
        }
    }
    result
}

#[cfg(test)]
mod tests;
