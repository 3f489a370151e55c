use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::image::{HELD_BASE, Permission, Permissions, UNSHARED_BASE};
use imglock_harness::lock::{Backend, ByteRange, LockType};
use imglock_harness::run::Trace;
use imglock_harness::step::TableLock;

/// A holder's locks on one image, as permissions where they are QEMU's lock
/// bytes and as ranges where not.
#[derive(Debug, Default)]
struct Holding {
    held: Permissions,
    unshared: Permissions,
    other: Vec<String>,
}

/// Who holds what in `table`, one sentence a holder.
pub fn sentences(trace: &Trace, table: &[TableLock]) -> Vec<String> {
    let mut holdings: BTreeMap<(usize, Backend, &BTreeSet<String>), Holding> = BTreeMap::new();
    for lock in table {
        holdings.entry((lock.image, lock.backend, &lock.holders)).or_default().add(lock);
    }
    let many = trace.images.len() > 1;
    holdings
        .into_iter()
        .map(|((image, backend, holders), holding)| {
            let place = match trace.images.get(image) {
                Some(name) if many => format!(" on {name}"),
                _ => String::new(),
            };
            format!("{}{place}: {} ({backend})", who(trace, holders), holding.words())
        })
        .collect()
}

/// The claim that these read locks amount to, and all others.
pub fn words(locks: &[(LockType, ByteRange)], waiting: &[(LockType, ByteRange)]) -> String {
    let mut holding = Holding::default();
    locks.iter().for_each(|(kind, range)| holding.add_range(*kind, *range));
    holding.other.extend(waiting.iter().map(|(kind, range)| format!("waits for {kind} {range}")));
    holding.words()
}

impl Holding {
    fn add(&mut self, lock: &TableLock) {
        if lock.waiting {
            self.other.push(format!("waits for {} {}", lock.kind, lock.range));
        } else {
            self.add_range(lock.kind, lock.range);
        }
    }

    fn add_range(&mut self, kind: LockType, range: ByteRange) {
        match (kind, permissions(range, HELD_BASE), permissions(range, UNSHARED_BASE)) {
            (LockType::Read, Some(held), _) => self.held |= held,
            (LockType::Read, _, Some(unshared)) => self.unshared |= unshared,
            _ => self.other.push(format!("{kind} {range}")),
        }
    }

    fn words(&self) -> String {
        let mut words = Vec::new();
        if !self.held.is_empty() {
            words.push(format!("holds {}", self.held));
        }
        if !self.unshared.is_empty() {
            words.push(format!("does not share {}", self.unshared));
        }
        words.extend(self.other.iter().cloned());
        if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
    }
}

/// The permissions whose lock bytes, counted from `base`, make up `range`;
/// `None` when it reaches beyond them.
fn permissions(range: ByteRange, base: i64) -> Option<Permissions> {
    let byte = |permission: &Permission| base + i64::from(permission.number());
    let all = ByteRange::new(base, base + Permission::ALL.len() as i64 - 1);
    (all.first <= range.first && range.last <= all.last).then(|| {
        Permission::ALL
            .into_iter()
            .filter(|permission| (range.first..=range.last).contains(&byte(permission)))
            .collect()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(LockType::Read, "100-101", "holds consistent-read write")]
    #[case(LockType::Read, "203", "does not share resize")]
    #[case(LockType::Write, "101", "write 101")]
    #[case(LockType::Read, "99-100", "read 99-100")]
    #[case(LockType::Read, "100-104", "read 100-104")]
    #[case(LockType::Read, "100-eof", "read 100-eof")]
    #[case(LockType::Write, "0-9", "write 0-9")]
    fn a_lock_is_put_into_words(
        #[case] kind: LockType,
        #[case] range: &str,
        #[case] expected: &str,
    ) {
        let range = range.parse().expect("a range");
        assert_eq!(words(&[(kind, range)], &[]), expected);
    }
}
