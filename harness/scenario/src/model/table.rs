use std::collections::BTreeMap;
use std::sync::Arc;

use super::extent::{Extent, Extents};
use imglock_core::{Backend, ByteRange, LockType};

/// The owner of a lock in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// A descriptor table, for POSIX locks.
    Process(usize),
    /// An open file description, for OFD locks.
    Description(usize),
}

impl Owner {
    pub(super) fn backend(self) -> Backend {
        match self {
            Owner::Process(_) => Backend::Posix,
            Owner::Description(_) => Backend::Ofd,
        }
    }
}

/// The lock table of one file.
#[derive(Debug, Clone, Default)]
pub(super) struct ByteTable {
    /// The owners in the order of their arrival, in which the kernel finds conflicts.
    owners: BTreeMap<u64, (Owner, Extents)>,
    arrivals: BTreeMap<Owner, u64>,
    next_arrival: u64,
    /// The number of owners with exactly this lock. Thousands of openers share a few ranges, so a test
    /// for conflicts need not visit each owner.
    census: BTreeMap<(LockType, ByteRange), usize>,
}

impl ByteTable {
    /// Returns whether an owner other than `owners` holds a lock that conflicts with a `kind` lock on
    /// `range`.
    pub(super) fn obstructed(&self, owners: &[Owner], kind: LockType, range: ByteRange) -> bool {
        let in_the_way =
            |held: LockType, bytes: ByteRange| held.excludes(kind) && bytes.overlaps(range);
        self.census.iter().filter(|((held, bytes), _)| in_the_way(*held, *bytes)).any(
            |((held, bytes), count)| {
                let own = owners.iter().flat_map(|owner| self.of(*owner));
                let own = own.filter(|extent| extent.kind == *held && extent.range == *bytes);
                *count > own.count()
            },
        )
    }

    /// The first lock that conflicts with `owner`, as `F_GETLK` reports it.
    pub(super) fn obstacle(
        &self,
        owner: Owner,
        kind: LockType,
        range: ByteRange,
    ) -> Option<(Owner, &Extent)> {
        if !self.obstructed(&[owner], kind, range) {
            return None;
        }
        self.each().find(|(other, extent)| {
            *other != owner && extent.kind.excludes(kind) && extent.range.overlaps(range)
        })
    }

    /// Locks `range` for `owner`, without regard to other owners.
    pub(super) fn put(
        &mut self,
        owner: Owner,
        kind: LockType,
        range: ByteRange,
        setter: &Arc<str>,
    ) {
        self.edit(owner, |extents| extents.put(kind, range, setter));
    }

    pub(super) fn cut(&mut self, owner: Owner, range: ByteRange) {
        if self.arrivals.contains_key(&owner) {
            self.edit(owner, |extents| extents.cut(range));
        }
    }

    /// Drops all locks of `owner`.
    pub(super) fn forget(&mut self, owner: Owner) {
        self.cut(owner, ByteRange::new(0, ByteRange::EOF));
    }

    pub(super) fn of(&self, owner: Owner) -> &[Extent] {
        self.arrivals
            .get(&owner)
            .and_then(|arrival| self.owners.get(arrival))
            .map_or(&[], |(_, extents)| extents.as_slice())
    }

    /// All locks, in the order of the table.
    pub(super) fn each(&self) -> impl Iterator<Item = (Owner, &Extent)> {
        self.owners
            .values()
            .flat_map(|(owner, extents)| extents.as_slice().iter().map(move |one| (*owner, one)))
    }

    fn edit(&mut self, owner: Owner, change: impl FnOnce(&mut Extents)) {
        let arrival = *self.arrivals.entry(owner).or_insert_with(|| {
            self.next_arrival += 1;
            self.next_arrival
        });
        let (_, mut extents) = self.owners.remove(&arrival).unwrap_or((owner, Extents::default()));
        for extent in extents.as_slice() {
            let key = (extent.kind, extent.range);
            match self.census.get_mut(&key) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    self.census.remove(&key);
                }
            }
        }
        change(&mut extents);
        for extent in extents.as_slice() {
            *self.census.entry((extent.kind, extent.range)).or_default() += 1;
        }
        if extents.as_slice().is_empty() {
            self.arrivals.remove(&owner);
        } else {
            self.owners.insert(arrival, (owner, extents));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use imglock_core::LockType::{Read, Write};

    const A: Owner = Owner::Process(0);
    const B: Owner = Owner::Description(0);
    const C: Owner = Owner::Description(1);

    fn bytes(first: i64, last: i64) -> ByteRange {
        ByteRange::new(first, last)
    }

    fn table(sets: &[(Owner, LockType, i64, i64)]) -> ByteTable {
        let mut table = ByteTable::default();
        for (owner, kind, first, last) in sets {
            table.put(*owner, *kind, bytes(*first, *last), &Arc::from("vm1"));
        }
        table
    }

    #[test]
    fn readers_share_and_writers_do_not() {
        let table = table(&[(A, Read, 0, 9)]);
        assert!(!table.obstructed(&[B], Read, bytes(9, 9)));
        assert!(table.obstructed(&[B], Write, bytes(9, 9)));
        assert!(!table.obstructed(&[B], Write, bytes(10, 10)));
        assert!(
            !table.obstructed(&[A], Write, bytes(0, 9)),
            "an owner never conflicts with itself"
        );
    }

    #[test]
    fn the_first_to_arrive_is_reported_first() {
        let mut table = table(&[(B, Read, 5, 5), (C, Read, 0, 9), (B, Read, 2, 2)]);
        let reported = |table: &ByteTable| {
            table.obstacle(A, Write, bytes(0, 9)).map(|(owner, extent)| (owner, extent.range))
        };
        assert_eq!(reported(&table), Some((B, bytes(2, 2))));
        table.forget(B);
        table.put(B, Read, bytes(2, 2), &Arc::from("vm1"));
        assert_eq!(
            reported(&table),
            Some((C, bytes(0, 9))),
            "an owner that returns is added at the end"
        );
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_bytes_and_their_owners(
            edits in prop::collection::vec((0..3_usize, 0..4_u8, 0..12_i64, 0..12_i64), 0..60),
        ) {
            let owners = [A, B, C];
            let mut table = ByteTable::default();
            let mut naive = [[None; 12]; 3];
            for (who, what, a, b) in edits {
                let range = bytes(a.min(b), a.max(b));
                let span = range.first as usize..=range.last as usize;
                let keeps_out = |kind: LockType| {
                    (0..3).filter(|other| *other != who).any(|other| {
                        naive[other][span.clone()]
                            .iter()
                            .any(|held: &Option<LockType>| held.is_some_and(|held| held.excludes(kind)))
                    })
                };
                for kind in [Read, Write] {
                    prop_assert_eq!(table.obstructed(&[owners[who]], kind, range), keeps_out(kind));
                    prop_assert_eq!(
                        table.obstacle(owners[who], kind, range).is_some(),
                        keeps_out(kind)
                    );
                }
                match [Some(Read), Some(Write), None, None][usize::from(what)] {
                    Some(kind) if keeps_out(kind) => {}
                    Some(kind) => {
                        table.put(owners[who], kind, range, &Arc::from("vm1"));
                        naive[who][span].fill(Some(kind));
                    }
                    None => {
                        table.cut(owners[who], range);
                        naive[who][span].fill(None);
                    }
                }
            }
        }
    }
}
