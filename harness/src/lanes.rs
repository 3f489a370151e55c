//! Work in several threads at a time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// Does `work` for each of `units`, several at a time, and hands each result
/// to `take` as it comes, with the unit's number; units are begun in their
/// order. When `take` breaks, what has not begun is left out, and what is
/// under way is not taken any more.
///
/// Each thread begins with an `L` of its own, such as a launcher that it does
/// not have yet, and has it at hand for every unit.
pub(crate) fn in_lanes<L: Default, U: Sync, R: Send>(
    lanes: usize,
    units: &[U],
    work: impl Fn(&mut L, &U) -> R + Sync,
    mut take: impl FnMut(usize, R) -> ControlFlow<()>,
) {
    let next = AtomicUsize::new(0);
    let (sender, results) = channel();
    thread::scope(|scope| {
        for _ in 0..lanes.clamp(1, units.len().max(1)) {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                let mut lane = L::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(unit) = units.get(number) else { return };
                    if sender.send((number, work(&mut lane, unit))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (number, result) in results {
            if take(number, result).is_break() {
                // Nobody finds a next one.
                next.store(units.len(), Ordering::Relaxed);
                return;
            }
        }
    });
}

/// Results that come in any order and are wanted in that of their units.
#[derive(Debug)]
pub(crate) struct InOrder<R> {
    ahead: BTreeMap<usize, R>,
    next: usize,
}

impl<R> Default for InOrder<R> {
    fn default() -> Self {
        InOrder { ahead: BTreeMap::new(), next: 0 }
    }
}

impl<R> InOrder<R> {
    /// Keeps a result until those before it have come.
    pub(crate) fn add(&mut self, number: usize, result: R) {
        self.ahead.insert(number, result);
    }

    /// The next one, with its number, unless it is still to come.
    pub(crate) fn next(&mut self) -> Option<(usize, R)> {
        let result = self.ahead.remove(&self.next)?;
        self.next += 1;
        Some((self.next - 1, result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    fn each_unit_is_worked_on_once(#[values(1, 2, 9)] lanes: usize) {
        let mut taken = Vec::new();
        let double = |(): &mut (), unit: &u32| unit * 2;
        in_lanes(lanes, &[10, 11, 12, 13], double, |number, result| {
            taken.push((number, result));
            ControlFlow::Continue(())
        });
        taken.sort_unstable();
        assert_eq!(taken, [(0, 20), (1, 22), (2, 24), (3, 26)]);
    }

    #[test]
    fn a_lane_has_its_own_at_hand_for_every_unit() {
        let mut counts = Vec::new();
        let count = |done: &mut u32, (): &()| {
            *done += 1;
            *done
        };
        in_lanes(1, &[(), (), ()], count, |_, done| {
            counts.push(done);
            ControlFlow::Continue(())
        });
        assert_eq!(counts, [1, 2, 3]);
    }

    #[test]
    fn when_it_is_enough_the_rest_is_left_out() {
        let units: Vec<u32> = (0..100_000).collect();
        let worked = AtomicUsize::new(0);
        let mut taken = 0;
        let work = |(): &mut (), _: &u32| {
            worked.fetch_add(1, Ordering::Relaxed);
        };
        in_lanes(2, &units, work, |_, ()| {
            taken += 1;
            ControlFlow::Break(())
        });
        assert_eq!(taken, 1);
        assert!(worked.into_inner() < units.len(), "all were worked on");
    }

    #[test]
    fn nothing_to_do_is_done() {
        in_lanes(2, &[], |(): &mut (), _: &u32| (), |_, ()| panic!("there is no unit"));
    }

    #[test]
    fn who_is_ahead_waits_for_those_before() {
        let mut results = InOrder::default();
        results.add(1, "b");
        assert_eq!(results.next(), None);
        results.add(0, "a");
        assert_eq!([results.next(), results.next()], [Some((0, "a")), Some((1, "b"))]);
        assert_eq!(results.next(), None);
    }
}
