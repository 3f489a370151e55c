//! Locks as they come and go while a scenario runs, process by process.

use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::image::{HELD_BASE, Permission, UNSHARED_BASE};
use imglock_harness::lock::{Backend, ByteRange, LockType};
use imglock_harness::run::Trace;
use imglock_harness::step::TableLock;

use super::waiters::Waiters;

/// Stands for an owner that the kernel does not name.
pub const UNKNOWN: &str = "?";

/// One lock of a process: a lock byte of QEMU's, or any other range whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    /// Which image, as an index into [`Trace::images`].
    pub image: usize,
    /// Whether it is only waited for.
    pub waiting: bool,
    /// OFD or POSIX.
    pub backend: Backend,
    /// Shared or exclusive.
    pub kind: LockType,
    /// Which bytes.
    pub range: ByteRange,
}

/// A lock from the moment it is there to the moment it has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    /// Whose it is: an actor, or [`UNKNOWN`]. A lock of several processes
    /// has a lifetime for each.
    pub actor: String,
    /// The lock.
    pub lock: Lock,
    /// The event after which it was first seen, as an index into the trace.
    pub from: usize,
    /// The event after which it had gone; `None` when it never went.
    pub until: Option<usize>,
}

/// Every lock of the trace, by the event it begins after.
///
/// The table is not read after every event; what changed in between counts
/// as a change of the next reading.
pub fn lifetimes(trace: &Trace) -> Vec<Lifetime> {
    let mut open: BTreeMap<(String, Lock), usize> = BTreeMap::new();
    let mut lifetimes = Vec::new();
    let mut waiters = Waiters::default();
    for (index, event) in trace.events.iter().enumerate() {
        waiters.observe(event);
        let Some(table) = &event.table else { continue };
        let now = owned(table, &mut waiters);
        let gone: Vec<_> = open.extract_if(.., |owned, _| !now.contains(owned)).collect();
        let ended = gone.into_iter().map(|((actor, lock), from)| Lifetime {
            actor,
            lock,
            from,
            until: Some(index),
        });
        lifetimes.extend(ended);
        for owned in now {
            open.entry(owned).or_insert(index);
        }
    }
    let left = open.into_iter();
    lifetimes.extend(left.map(|((actor, lock), from)| Lifetime { actor, lock, from, until: None }));
    lifetimes.sort_by(|a, b| (a.from, &a.actor, &a.lock).cmp(&(b.from, &b.actor, &b.lock)));
    lifetimes
}

/// Who has which lock, lock bytes one by one.
fn owned(table: &[TableLock], waiters: &mut Waiters) -> BTreeSet<(String, Lock)> {
    let known = table.iter().flat_map(|lock| actors(&lock.holders).map(move |actor| (actor, lock)));
    let nameless = table.iter().filter(|lock| lock.holders.is_empty() && !lock.waiting);
    let mut owned: BTreeSet<(String, Lock)> = BTreeSet::new();
    let mut enter = |actor: &str, lock: &TableLock| {
        for range in bytes(lock.kind, lock.range) {
            let TableLock { image, waiting, backend, kind, .. } = *lock;
            owned.insert((actor.to_owned(), Lock { image, waiting, backend, kind, range }));
        }
    };
    known.for_each(|(actor, lock)| enter(actor, lock));
    nameless.for_each(|lock| enter(UNKNOWN, lock));
    for (lock, actor) in waiters.ascribed(table) {
        enter(actor.as_deref().unwrap_or(UNKNOWN), &lock);
    }
    owned
}

/// The actors of holders such as `vm1.disk` (OFD) and `vm1` (POSIX).
fn actors(holders: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    holders.iter().map(|holder| holder.split_once('.').map_or(&**holder, |(actor, _)| actor))
}

/// The kernel merges neighbours; lock bytes are told apart again.
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
    use imglock_harness::run::{Event, EventKind};

    /// A trace of lock tables, such as `vm1.disk:100-101 vm1.disk:201`; `-`
    /// for a table that was not read.
    fn trace(tables: &[&str]) -> Trace {
        let lock = |word: &str| {
            let (holders, range) = word.split_once(':').expect("holder:range");
            let holders = holders.split('+').filter(|holder| !holder.is_empty());
            TableLock {
                image: 0,
                backend: Backend::Ofd,
                kind: LockType::Read,
                range: range.parse().expect("a range"),
                waiting: false,
                holders: holders.map(str::to_owned).collect(),
            }
        };
        let events = tables.iter().map(|table| Event {
            line: 1,
            text: String::new(),
            start_us: 0,
            end_us: 0,
            kind: EventKind::Held { stated: Vec::new() },
            table: (*table != "-").then(|| table.split_whitespace().map(lock).collect()),
        });
        Trace { events: events.collect(), ..Trace::default() }
    }

    #[rstest::rstest]
    #[case::never_let_go(&["vm1.disk:100"], &["vm1 100 from 0"])]
    #[case::let_go(&["vm1.disk:100", "", ""], &["vm1 100 from 0 to 1"])]
    #[case::bytes_are_told_apart(
        &["vm1.disk:100-101 vm1.disk:201", "vm1.disk:100"],
        &["vm1 100 from 0", "vm1 101 from 0 to 1", "vm1 201 from 0 to 1"],
    )]
    #[case::other_ranges_stay_whole(&["vm1.disk:0-9"], &["vm1 0-9 from 0"])]
    #[case::taken_again(&["vm1:100", "", "vm1:100"], &["vm1 100 from 0 to 1", "vm1 100 from 2"])]
    #[case::not_read_in_between(&["vm1:100", "-", ""], &["vm1 100 from 0 to 2"])]
    #[case::shared_with_a_child(
        &["vm1.disk:100", "vm1.disk+child.disk:100", "child.disk:100"],
        &["vm1 100 from 0 to 2", "child 100 from 1"],
    )]
    #[case::two_nodes_of_one_process(&["vm1.a:100 vm1.b:100", "vm1.b:100"], &["vm1 100 from 0"])]
    #[case::of_nobody_known(&[":100"], &["? 100 from 0"])]
    fn a_lifetime_reaches_from_taken_to_gone(#[case] tables: &[&str], #[case] expected: &[&str]) {
        let words = |lifetime: &Lifetime| {
            let until = lifetime.until.map_or(String::new(), |until| format!(" to {until}"));
            format!("{} {} from {}{until}", lifetime.actor, lifetime.lock.range, lifetime.from)
        };
        let found: Vec<String> = lifetimes(&trace(tables)).iter().map(words).collect();
        assert_eq!(found, expected);
    }
}
