use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::image::Reading;
use imglock_harness::lock::{Backend, ByteRange, LockType};
use imglock_harness::run::Trace;
use imglock_harness::step::TableLock;

/// A holder's locks on one image.
#[derive(Debug, Default)]
struct Holding {
    granted: Reading,
    awaited: Vec<(LockType, ByteRange)>,
}

/// Who holds what in `table`, one sentence a holder.
pub fn sentences(trace: &Trace, table: &[TableLock]) -> Vec<String> {
    holdings(&trace.images, table, |holders| who(trace, holders)).collect()
}

/// The same without pids, which are others in every run.
pub fn sentences_of_any_run(images: &[String], table: &[TableLock]) -> Vec<String> {
    let nobody = Trace::default();
    holdings(images, table, |holders| who(&nobody, holders)).collect()
}

fn holdings(
    images: &[String],
    table: &[TableLock],
    who: impl Fn(&BTreeSet<String>) -> String,
) -> impl Iterator<Item = String> {
    let mut holdings: BTreeMap<(usize, Backend, &BTreeSet<String>), Holding> = BTreeMap::new();
    for lock in table {
        holdings.entry((lock.image, lock.backend, &lock.holders)).or_default().add(lock);
    }
    let many = images.len() > 1;
    holdings.into_iter().map(move |((image, backend, holders), holding)| {
        let place = match images.get(image) {
            Some(name) if many => format!(" on {name}"),
            _ => String::new(),
        };
        format!("{}{place}: {} ({backend})", who(holders), holding.words())
    })
}

/// The claim that these locks amount to, and all that is no claim.
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
fn who(trace: &Trace, holders: &BTreeSet<String>) -> String {
    if holders.is_empty() {
        return "an owner the kernel does not name".to_owned();
    }
    let each = holders.iter().map(|holder| {
        let actor = holder.split_once('.').map_or(&**holder, |(actor, _)| actor);
        match trace.pid(actor) {
            Some(pid) => format!("{holder} (pid {pid})"),
            None => holder.clone(),
        }
    });
    each.collect::<Vec<_>>().join(" and ")
}
