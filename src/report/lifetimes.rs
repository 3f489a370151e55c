//! The lifetime of each lock of a run: acquired after one event, released or
//! lost after a later one. Terminal and page draw the same lifetimes.

use std::collections::{BTreeMap, BTreeSet};

use imglock_core::{Backend, ByteRange, HELD_BASE, LockType, Permission, TableLock, UNSHARED_BASE};
use imglock_engine::Trace;

use super::waiters::Waiters;

/// The actor of an owner that the kernel does not name.
pub const UNKNOWN: &str = "?";

/// A lock of one process: one of QEMU's lock bytes, or another range as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    /// The image, as an index into [`Trace::images`].
    pub image: usize,
    /// Whether the process still waits for it.
    pub waiting: bool,
    /// OFD or POSIX.
    pub backend: Backend,
    /// Shared or exclusive.
    pub kind: LockType,
    /// The locked bytes.
    pub range: ByteRange,
}

impl Lock {
    /// The meaning of one of QEMU's lock bytes: whether the permission is held
    /// (`true`) or not shared, and the permission. `None` for any other lock.
    pub fn permission(&self) -> Option<(bool, Permission)> {
        let number = self.range.first;
        if self.kind != LockType::Read || self.range.last != number {
            return None;
        }
        Permission::ALL.into_iter().find_map(|permission| {
            let offset = i64::from(permission.number());
            let held = number == HELD_BASE + offset;
            (held || number == UNSHARED_BASE + offset).then_some((held, permission))
        })
    }
}

/// The time between acquisition and end of a lock, as events of the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// The owner: an actor, or [`UNKNOWN`]. A lock that several processes share
    /// has a lifetime for each of them.
    pub actor: String,
    /// The lock.
    pub lock: Lock,
    /// The event after which the lock table first shows it.
    pub from: usize,
    /// The event after which it is no longer there; `None` if it stays to the end.
    pub until: Option<usize>,
}

/// The lifetimes of all locks, by their first event.
///
/// The lock table is not read after every event. A change in between counts
/// for the next reading.
pub fn lifetimes(trace: &Trace) -> Vec<Lifetime> {
    let mut open: BTreeMap<(String, Lock), usize> = BTreeMap::new();
    let mut lifetimes = Vec::new();
    let mut waiters = Waiters::default();
    let lifetime = |((actor, lock), from), until| Lifetime { actor, lock, from, until };
    for (index, event) in trace.events.iter().enumerate() {
        waiters.observe(event);
        let Some(table) = &event.table else { continue };
        let now = owned(table, &mut waiters);
        let ended = open.extract_if(.., |owned, _| !now.contains(owned));
        lifetimes.extend(ended.map(|one| lifetime(one, Some(index))));
        for owned in now {
            open.entry(owned).or_insert(index);
        }
    }
    lifetimes.extend(open.into_iter().map(|one| lifetime(one, None)));
    lifetimes.sort_by(|a, b| (a.from, &a.actor, &a.lock).cmp(&(b.from, &b.actor, &b.lock)));
    lifetimes
}

/// Each lock with its owner; lock bytes are separate locks.
fn owned(table: &[TableLock], waiters: &mut Waiters) -> BTreeSet<(String, Lock)> {
    let mut owned = BTreeSet::new();
    let mut enter = |actor: &str, lock: &TableLock| {
        for range in bytes(lock.kind, lock.range) {
            let TableLock { image, waiting, backend, kind, .. } = *lock;
            owned.insert((actor.to_owned(), Lock { image, waiting, backend, kind, range }));
        }
    };
    for lock in table {
        lock.holders.iter().for_each(|holder| enter(holder.actor(), lock));
        if lock.holders.is_empty() && !lock.waiting {
            enter(UNKNOWN, lock);
        }
    }
    for (lock, actor) in waiters.ascribed(table) {
        enter(actor.as_deref().unwrap_or(UNKNOWN), &lock);
    }
    owned
}

/// The kernel merges neighbouring ranges; lock bytes are separated again.
fn bytes(kind: LockType, range: ByteRange) -> Vec<ByteRange> {
    let last = Permission::ALL.len() as i64 - 1;
    let within = |base: i64| base <= range.first && range.last <= base + last;
    if kind == LockType::Read && (within(HELD_BASE) || within(UNSHARED_BASE)) {
        (range.first..=range.last).map(|byte| ByteRange::new(byte, byte)).collect()
    } else {
        vec![range]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::table;
    use imglock_engine::{Event, EventKind};

    /// A trace of lock tables, such as `vm1.disk:100-101 vm1.disk:201`; `-`
    /// for a table that was not read.
    fn trace(tables: &[&str]) -> Trace {
        let read = |words: &str| words.replace(' ', ", ").replace(':', " read ");
        let events = tables.iter().map(|words| Event {
            line: 1,
            text: String::new(),
            start_us: 0,
            end_us: 0,
            kind: EventKind::Held { stated: Vec::new() },
            table: (*words != "-").then(|| table(Backend::Ofd, &read(words))),
        });
        Trace { events: events.collect(), ..Trace::default() }
    }

    #[rstest::rstest]
    #[case::never_released(&["vm1.disk:100"], &["vm1 100 from 0"])]
    #[case::released(&["vm1.disk:100", "", ""], &["vm1 100 from 0 to 1"])]
    #[case::bytes_are_separate(
        &["vm1.disk:100-101 vm1.disk:201", "vm1.disk:100"],
        &["vm1 100 from 0", "vm1 101 from 0 to 1", "vm1 201 from 0 to 1"],
    )]
    #[case::other_ranges_stay_whole(&["vm1.disk:0-9"], &["vm1 0-9 from 0"])]
    #[case::acquired_again(&["vm1:100", "", "vm1:100"], &["vm1 100 from 0 to 1", "vm1 100 from 2"])]
    #[case::not_read_in_between(&["vm1:100", "-", ""], &["vm1 100 from 0 to 2"])]
    #[case::shared_with_a_child(
        &["vm1.disk:100", "vm1.disk+child.disk:100", "child.disk:100"],
        &["vm1 100 from 0 to 2", "child 100 from 1"],
    )]
    #[case::two_nodes_of_one_process(&["vm1.a:100 vm1.b:100", "vm1.b:100"], &["vm1 100 from 0"])]
    #[case::of_an_unknown_owner(&["?:100"], &["? 100 from 0"])]
    fn a_lifetime_reaches_from_acquired_to_gone(
        #[case] tables: &[&str],
        #[case] expected: &[&str],
    ) {
        let words = |lifetime: &Lifetime| {
            let until = lifetime.until.map_or(String::new(), |until| format!(" to {until}"));
            format!("{} {} from {}{until}", lifetime.actor, lifetime.lock.range, lifetime.from)
        };
        let found: Vec<String> = lifetimes(&trace(tables)).iter().map(words).collect();
        assert_eq!(found, expected);
    }
}
