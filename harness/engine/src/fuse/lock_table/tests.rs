use proptest::prelude::*;

use super::*;
use imglock_core::LockType::{Read, Write};

fn bytes(first: i64, last: i64) -> ByteRange {
    ByteRange::new(first, last)
}

fn lock(owner: u64, handle: u64, kind: LockType, range: ByteRange) -> Held {
    Held { owner: Owner::Numbered(owner), pid: 7, handle, kind, range }
}

fn table(locks: &[(u64, LockType, i64, i64)]) -> LockTable {
    let mut table = LockTable::default();
    for (owner, kind, first, last) in locks {
        table.put(lock(*owner, *owner, *kind, bytes(*first, *last)));
    }
    table
}

fn words(table: &LockTable) -> Vec<String> {
    let word = |held: &Held| format!("{:?} {} {}", held.owner, held.kind, held.range);
    table.held.iter().map(word).collect()
}

#[test]
fn an_unlock_in_the_middle_splits() {
    let mut table = table(&[(1, Write, 0, 9), (2, Read, 20, 29)]);
    table.cut(Owner::Numbered(1), bytes(4, 5));
    let kept = ["Numbered(1) write 0-3", "Numbered(1) write 6-9", "Numbered(2) read 20-29"];
    assert_eq!(words(&table), kept);
    table.cut(Owner::Numbered(2), bytes(0, ByteRange::EOF));
    assert_eq!(words(&table), kept[..2]);
}

#[test]
fn neighbours_of_one_kind_are_one_lock_up_to_the_end() {
    let mut table = table(&[(1, Read, 5, ByteRange::EOF), (2, Read, 0, 4), (1, Read, 0, 3)]);
    table.put(lock(1, 1, Read, bytes(4, 4)));
    assert_eq!(words(&table), ["Numbered(1) read 0-eof", "Numbered(2) read 0-4"]);
    table.put(lock(1, 1, Write, bytes(2, 2)));
    let parted = ["Numbered(1) read 0-1", "Numbered(1) write 2", "Numbered(1) read 3-eof"];
    assert_eq!(words(&table)[..3], parted);
}

#[test]
fn the_first_to_come_is_reported() {
    let table = table(&[(2, Read, 5, 5), (3, Read, 0, 9), (2, Read, 2, 2)]);
    let first = |owner, kind| {
        let obstacle = table.obstacle(Owner::Numbered(owner), kind, bytes(0, 9));
        obstacle.map(|held| (held.owner, held.range))
    };
    assert_eq!(first(1, Write), Some((Owner::Numbered(2), bytes(2, 2))));
    assert_eq!(first(2, Write), Some((Owner::Numbered(3), bytes(0, 9))));
    assert_eq!(first(1, Read), None);
}

#[test]
fn what_was_locked_through_a_handle_can_go_or_stay_with_it() {
    let mut dropped = table(&[(1, Write, 0, 9), (2, Write, 10, 19)]);
    dropped.release(1);
    assert_eq!(words(&dropped), ["Numbered(2) write 10-19"]);

    let mut kept = table(&[(1, Write, 0, 9)]);
    assert!(kept.obstacle(Owner::Numbered(1), Write, bytes(0, 0)).is_none());
    kept.orphan(1);
    // The kernel reuses the number for another owner.
    assert!(kept.obstacle(Owner::Numbered(1), Write, bytes(0, 0)).is_some());
    kept.forget(Owner::Numbered(1));
    assert_eq!(words(&kept), ["Gone(1) write 0-9"]);
}

proptest! {
    #[test]
    fn the_table_agrees_with_bytes_and_their_owners(
        edits in prop::collection::vec((0..3_usize, 0..4_u8, 0..12_i64, 0..12_i64), 0..60),
    ) {
        let mut table = LockTable::default();
        let mut naive = [[None; 12]; 3];
        for (who, what, a, b) in edits {
            let range = bytes(a.min(b), a.max(b));
            let span = range.first as usize..=range.last as usize;
            let owner = Owner::Numbered(who as u64);
            for kind in [Read, Write] {
                let keeps_out = (0..3).filter(|other| *other != who).any(|other| {
                    let held = |byte: &Option<LockType>| byte.is_some_and(|one| one.excludes(kind));
                    naive[other][span.clone()].iter().any(held)
                });
                prop_assert_eq!(table.obstacle(owner, kind, range).is_some(), keeps_out);
            }
            match [Some(Read), Some(Write), None, None][usize::from(what)] {
                Some(kind) if table.obstacle(owner, kind, range).is_some() => {}
                Some(kind) => {
                    table.put(lock(who as u64, 0, kind, range));
                    naive[who][span].fill(Some(kind));
                }
                None => {
                    table.cut(owner, range);
                    naive[who][span].fill(None);
                }
            }
            for pair in table.held.windows(2).filter(|pair| pair[0].owner == pair[1].owner) {
                let [one, next] = [pair[0], pair[1]];
                prop_assert!(one.range.last < next.range.first, "{} {}", one.range, next.range);
                let merged = one.kind != next.kind || one.range.last + 1 < next.range.first;
                prop_assert!(merged, "{} {} are one lock", one.range, next.range);
            }
        }
    }
}
