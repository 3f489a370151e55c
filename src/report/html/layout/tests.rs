use imglock_core::{Backend, LockType};
use proptest::prelude::*;

use super::{Lane, Layout, Placed, Row};
use crate::report::lifetimes::{Lifetime, Lock};

fn lock(byte: i64) -> Lock {
    let range = byte.to_string().parse().expect("a range");
    Lock { image: 0, waiting: false, backend: Backend::Ofd, kind: LockType::Read, range }
}

fn lifetime(actor: &str, byte: i64, from: usize, until: Option<usize>) -> Lifetime {
    Lifetime { actor: actor.to_owned(), lock: lock(byte), from, until }
}

/// Rows of one event each.
fn rows(count: usize) -> Vec<Row> {
    let row = |at| Row { events: at..at + 1, lines: 2, below: 1, widest: 10, ..Row::default() };
    (0..count).map(row).collect()
}

fn lanes(actors: &[&str]) -> Vec<Lane> {
    let lane =
        |actor: &&str| Lane { actor: (*actor).to_owned(), characters: 20, ..Lane::default() };
    actors.iter().map(lane).collect()
}

fn placed(actors: &[&str], rows: &[Row], lifetimes: &[Lifetime]) -> Layout {
    Layout::of(lanes(actors), rows.to_vec(), lifetimes, &|lock| {
        vec![lock.range.to_string(), "word".into()]
    })
}

fn overlap(a: &Placed, b: &Placed) -> bool {
    let apart = a.x + a.width <= b.x
        || b.x + b.width <= a.x
        || a.y + a.height <= b.y
        || b.y + b.height <= a.y;
    !apart
}

#[test]
fn a_bar_reaches_from_the_step_that_acquires_to_the_one_that_releases() {
    let layout = placed(&["vm1"], &rows(4), &[lifetime("vm1", 100, 1, Some(3))]);
    let [bar] = &layout.bars[..] else { panic!("one bar") };
    assert_eq!(bar.y, layout.rows[1].y_middle());
    assert_eq!(bar.y + bar.height, layout.rows[3].y_middle());
    assert_eq!(bar.until, Some(3));
}

#[test]
fn a_lock_that_stays_reaches_to_the_end() {
    let layout = placed(&["vm1"], &rows(3), &[lifetime("vm1", 100, 2, None)]);
    let [bar] = &layout.bars[..] else { panic!("one bar") };
    assert_eq!(bar.y + bar.height, layout.height);
    assert_eq!(bar.until, None);
}

#[test]
fn a_lock_that_comes_again_stands_where_it_stood() {
    let lifetimes = [
        lifetime("vm1", 100, 0, None),
        lifetime("vm1", 101, 0, Some(1)),
        lifetime("vm1", 101, 2, None),
        lifetime("vm1", 201, 1, Some(2)),
    ];
    let layout = placed(&["vm1"], &rows(3), &lifetimes);
    let x = |at: usize| layout.bars[at].x;
    assert_eq!(x(1), x(2));
    assert!(x(0) < x(1));
}

#[test]
fn the_locks_of_others_are_in_their_lanes_or_not_drawn() {
    let lifetimes = [lifetime("vm2", 100, 0, None), lifetime("stranger", 100, 0, None)];
    let layout = placed(&["vm1", "vm2"], &rows(1), &lifetimes);
    let lanes: Vec<usize> = layout.bars.iter().map(|lifetime| lifetime.lane).collect();
    assert_eq!(lanes, [1]);
}

#[test]
fn what_comes_and_goes_in_a_row_that_stands_for_many_is_not_drawn() {
    let gap = [Row { events: 0..10, below: 1, widest: 10, ..Row::default() }];
    let layout = placed(&["vm1"], &gap, &[lifetime("vm1", 100, 2, Some(5))]);
    assert_eq!(layout.bars, []);
}

#[test]
fn there_is_room_for_what_is_written_on_a_bar() {
    let short = [Row { events: 0..1, lines: 1, ..Row::default() }];
    let label = |words: usize| {
        let layout =
            Layout::of(lanes(&["vm1"]), short.to_vec(), &[lifetime("vm1", 100, 0, None)], &|_| {
                vec!["word".to_owned(); words]
            });
        layout.rows[0].height
    };
    assert!(label(6) > label(1));
}

prop_compose! {
    fn any_lifetime(rows: usize)(
        actor in 0..3_usize,
        byte in 100..104_i64,
        ends in prop::collection::btree_set(0..=rows, 2),
        never_ends: bool,
    ) -> Lifetime {
        let mut ends = ends.into_iter();
        let (from, until) = (ends.next().unwrap_or(0), ends.next());
        let until = until.filter(|until| *until < rows && !never_ends);
        lifetime(["vm1", "vm2", "vm3"][actor], byte, from, until)
    }
}

proptest! {
    #[test]
    fn everything_is_inside_and_nothing_overlaps(
        lifetimes in prop::collection::vec(any_lifetime(8), 0..24),
        together in 0..8_usize,
    ) {
        let mut lifetimes: Vec<Lifetime> = lifetimes.into_iter().filter(|lifetime| lifetime.from < 8).collect();
        lifetimes.sort_by_key(|lifetime| lifetime.from);
        let mut needs = rows(8);
        needs[together].above = 1;
        let layout = placed(&["vm1", "vm2", "vm3"], &needs, &lifetimes);
        for (number, lane) in layout.lanes.iter().enumerate() {
            prop_assert!(lane.x + lane.width <= layout.width);
            if let Some(next) = layout.lanes.get(number + 1) {
                prop_assert!(lane.x + lane.width < next.x, "lanes overlap");
            }
        }
        for pair in layout.rows.windows(2) {
            prop_assert_eq!(pair[0].y + pair[0].height, pair[1].y, "rows are not joined");
        }
        prop_assert_eq!(layout.bars.len(), lifetimes.len());
        for (number, lifetime) in layout.bars.iter().enumerate() {
            let lane = &layout.lanes[lifetime.lane];
            prop_assert!(lane.x < lifetime.x && lifetime.x + lifetime.width <= lane.x + lane.width);
            prop_assert!(lifetime.height > 0 && lifetime.y + lifetime.height <= layout.height);
            for other in &layout.bars[number + 1..] {
                prop_assert!(!overlap(lifetime, other), "{:?} and {:?}", lifetime, other);
            }
        }
    }
}
