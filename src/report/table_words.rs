//! A lock table in sentences.

use std::collections::{BTreeMap, BTreeSet};

use imglock_core::{Backend, ByteRange, LockHolder, LockType, Reading, TableLock};
use imglock_engine::Trace;

/// One owner's locks on one image.
#[derive(Debug, Default)]
struct Holding {
    granted: Reading,
    awaited: Vec<(LockType, ByteRange)>,
}

/// The locks of `table`, one sentence for each owner.
pub fn sentences(trace: &Trace, table: &[TableLock]) -> Vec<String> {
    named(&trace.images, table, |actor| trace.pid(actor))
}

/// As [`sentences`], without pids, which differ from run to run.
pub fn sentences_of_any_run(images: &[String], table: &[TableLock]) -> Vec<String> {
    named(images, table, |_| None)
}

fn named(images: &[String], table: &[TableLock], pid: impl Fn(&str) -> Option<i32>) -> Vec<String> {
    let mut holdings: BTreeMap<(usize, Backend, &BTreeSet<LockHolder>), Holding> = BTreeMap::new();
    for lock in table {
        holdings.entry((lock.image, lock.backend, &lock.holders)).or_default().add(lock);
    }
    let sentence = |((image, backend, holders), holding): ((usize, _, _), Holding)| {
        let image = images.get(image).filter(|_| images.len() > 1);
        let image = image.map_or(String::new(), |name| format!(" on {name}"));
        format!("{}{image}: {} ({backend})", owner(holders, &pid), holding.words())
    };
    holdings.into_iter().map(sentence).collect()
}

/// The claim that these locks stand for, and all other locks.
pub fn words(locks: &[(LockType, ByteRange)], waiting: &[(LockType, ByteRange)]) -> String {
    let mut holding = Holding::default();
    locks.iter().for_each(|(kind, range)| holding.granted.add(*kind, *range));
    holding.awaited.extend(waiting);
    holding.words()
}

impl Holding {
    fn add(&mut self, lock: &TableLock) {
        if lock.waiting {
            self.awaited.push((lock.kind, lock.range));
        } else {
            self.granted.add(lock.kind, lock.range);
        }
    }

    fn words(&self) -> String {
        let Reading { held, unshared, other } = &self.granted;
        let mut words = Vec::new();
        if !held.is_empty() {
            words.push(format!("holds {held}"));
        }
        if !unshared.is_empty() {
            words.push(format!("does not share {unshared}"));
        }
        words.extend(other.iter().map(|(kind, range)| format!("{kind} {range}")));
        words.extend(self.awaited.iter().map(|(kind, range)| format!("waits for {kind} {range}")));
        if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
    }
}

/// `vm1.disk (pid 1201) and child.disk (pid 1202)`.
fn owner(holders: &BTreeSet<LockHolder>, pid: impl Fn(&str) -> Option<i32>) -> String {
    if holders.is_empty() {
        return "an owner the kernel does not name".to_owned();
    }
    let each = holders.iter().map(|holder| match pid(holder.actor()) {
        Some(pid) => format!("{holder} (pid {pid})"),
        None => holder.to_string(),
    });
    each.collect::<Vec<_>>().join(" and ")
}
