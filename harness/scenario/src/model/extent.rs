use std::sync::Arc;

use imglock_core::{ByteRange, LockType};

/// One lock of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) kind: LockType,
    pub(super) range: ByteRange,
    /// The actor whose pid `F_GETLK` reports.
    pub(super) setter: Arc<str>,
}

/// All locks of one owner on one file. They are sorted, do not overlap, and no two adjacent ones have
/// the same type.
#[derive(Debug, Clone, Default)]
pub(super) struct Extents(Vec<Extent>);

impl Extents {
    pub(super) fn as_slice(&self) -> &[Extent] {
        &self.0
    }

    /// Locks `range`. It merges with adjacent or overlapping locks of the same type, and replaces the
    /// covered part of locks of the other type.
    pub(super) fn put(&mut self, kind: LockType, range: ByteRange, setter: &Arc<str>) {
        let setter = self.surviving_setter(kind, range).unwrap_or_else(|| setter.clone());
        let mut whole = range;
        let mut rest = Vec::with_capacity(self.0.len() + 2);
        for old in self.0.drain(..) {
            if old.kind == kind && touch(old.range, range) {
                whole.first = whole.first.min(old.range.first);
                whole.last = whole.last.max(old.range.last);
            } else {
                rest.extend(outside(old, range));
            }
        }
        let place = rest.partition_point(|extent| extent.range.first < whole.first);
        rest.insert(place, Extent { kind, range: whole, setter });
        self.0 = rest;
    }

    /// Unlocks `range`. The parts of locks outside it stay.
    pub(super) fn cut(&mut self, range: ByteRange) {
        self.0 = self.0.drain(..).flat_map(|old| outside(old, range)).collect();
    }

    /// The kernel extends an old lock of the same type instead of adding a new one, unless it has first
    /// found a lock of the other type to replace. The old lock keeps the pid of the process that set it
    /// (`posix_lock_inode`, fs/locks.c).
    fn surviving_setter(&self, kind: LockType, range: ByteRange) -> Option<Arc<str>> {
        let first = self.0.iter().find(|old| {
            if old.kind == kind {
                touch(old.range, range)
            } else {
                range.first <= old.range.first && old.range.last <= range.last
            }
        })?;
        (first.kind == kind).then(|| first.setter.clone())
    }
}

/// Returns whether two ranges overlap or are adjacent.
fn touch(one: ByteRange, other: ByteRange) -> bool {
    one.first <= other.last.saturating_add(1) && other.first <= one.last.saturating_add(1)
}

/// The parts of `old` before and after `range`.
fn outside(old: Extent, range: ByteRange) -> impl Iterator<Item = Extent> {
    let before = (old.range.first < range.first)
        .then(|| ByteRange::new(old.range.first, old.range.last.min(range.first - 1)));
    let after = (old.range.last > range.last)
        .then(|| ByteRange::new(old.range.first.max(range.last + 1), old.range.last));
    [before, after].into_iter().flatten().map(move |range| Extent {
        range,
        setter: old.setter.clone(),
        kind: old.kind,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use imglock_core::LockType::{Read, Write};

    fn put(extents: &mut Extents, kind: LockType, first: i64, last: i64) {
        extents.put(kind, ByteRange::new(first, last), &Arc::from("vm1"));
    }

    fn shown(extents: &Extents) -> String {
        let each: Vec<String> =
            extents.0.iter().map(|extent| format!("{} {}", extent.kind, extent.range)).collect();
        each.join(", ")
    }

    #[rstest]
    #[case::neighbours_merge(&[(Read, 0, 4), (Read, 5, 9)], "read 0-9")]
    #[case::neighbours_of_two_types_do_not(&[(Read, 0, 4), (Write, 5, 9)], "read 0-4, write 5-9")]
    #[case::a_gap_stays(&[(Read, 0, 4), (Read, 6, 9)], "read 0-4, read 6-9")]
    #[case::a_gap_is_filled(&[(Read, 0, 4), (Read, 6, 9), (Read, 5, 5)], "read 0-9")]
    #[case::upgrade_in_the_middle(&[(Read, 0, 9), (Write, 4, 5)], "read 0-3, write 4-5, read 6-9")]
    #[case::downgrade_merges(&[(Read, 0, 3), (Write, 4, 5), (Read, 4, 5)], "read 0-5")]
    #[case::to_end_of_file(&[(Write, 10, ByteRange::EOF), (Read, 0, 20)], "read 0-20, write 21-eof")]
    #[case::several_replaced(&[(Read, 0, 1), (Read, 4, 5), (Write, 0, 9)], "write 0-9")]
    fn locks_merge_and_split(#[case] sets: &[(LockType, i64, i64)], #[case] table: &str) {
        let mut extents = Extents::default();
        for (kind, first, last) in sets {
            put(&mut extents, *kind, *first, *last);
        }
        assert_eq!(shown(&extents), table);
    }

    #[test]
    fn unlocking_the_middle_splits() {
        let mut extents = Extents::default();
        put(&mut extents, Write, 0, ByteRange::EOF);
        extents.cut(ByteRange::new(5, 9));
        assert_eq!(shown(&extents), "write 0-4, write 10-eof");
    }

    #[rstest]
    #[case::widened(&[(Read, 0, 4)], (Read, 5, 9), "old")]
    #[case::set_again(&[(Read, 0, 4)], (Read, 0, 4), "old")]
    #[case::replaced(&[(Write, 0, 4)], (Read, 0, 4), "new")]
    #[case::replaced_then_met(&[(Write, 0, 4), (Read, 5, 9)], (Read, 0, 4), "new")]
    #[case::cut_then_met(&[(Write, 0, 4), (Read, 5, 9)], (Read, 2, 6), "old")]
    fn the_first_lock_met_keeps_its_setter(
        #[case] before: &[(LockType, i64, i64)],
        #[case] (kind, first, last): (LockType, i64, i64),
        #[case] setter: &str,
    ) {
        let mut extents = Extents::default();
        for (kind, first, last) in before {
            extents.put(*kind, ByteRange::new(*first, *last), &Arc::from("old"));
        }
        extents.put(kind, ByteRange::new(first, last), &Arc::from("new"));
        let found =
            extents.0.iter().find(|extent| extent.range.overlaps(ByteRange::new(first, last)));
        assert_eq!(found.map(|extent| &*extent.setter), Some(setter));
    }

    proptest! {
        #[test]
        fn the_list_agrees_with_an_array_of_bytes(
            edits in prop::collection::vec((0..3_u8, 0..24_usize, 0..24_usize), 0..40),
        ) {
            let mut extents = Extents::default();
            let mut bytes = [None; 24];
            for (what, a, b) in edits {
                let (first, last) = (a.min(b), a.max(b));
                let kind = [Some(Read), Some(Write), None][usize::from(what)];
                bytes[first..=last].fill(kind);
                match kind {
                    Some(kind) => put(&mut extents, kind, first as i64, last as i64),
                    None => extents.cut(ByteRange::new(first as i64, last as i64)),
                }
                // Runs of equal bytes are the locks, so this also defines how they merge.
                let mut runs: Vec<(LockType, i64, i64)> = Vec::new();
                for (at, byte) in bytes.iter().enumerate() {
                    let at = at as i64;
                    match (*byte, runs.last_mut()) {
                        (Some(kind), Some(run)) if run.0 == kind && run.2 == at - 1 => run.2 = at,
                        (Some(kind), _) => runs.push((kind, at, at)),
                        (None, _) => {}
                    }
                }
                let listed: Vec<_> =
                    extents.0.iter().map(|e| (e.kind, e.range.first, e.range.last)).collect();
                prop_assert_eq!(listed, runs);
            }
        }
    }
}
