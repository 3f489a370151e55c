//! Work in several threads at a time.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// Runs `work` for each of `units`, several at a time, and passes each result
/// with the unit's number to `take` as soon as it is ready. Units start in
/// order. After `take` breaks, no further unit starts, and results of running
/// units are dropped.
///
/// Each thread has its own `L`, such as a launcher that it creates when the
/// first unit needs it.
pub fn in_lanes<L: Default, U: Sync, R: Send>(
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
                // No thread finds another unit.
                next.store(units.len(), Ordering::Relaxed);
                return;
            }
        }
    });
}

/// Like [`in_lanes`], for work that can fail. `take` receives the results in
/// the order of the units.
///
/// # Errors
/// Returns the first failure, which ends the work.
pub fn in_order<L: Default, U: Sync, R: Send, E: Send>(
    lanes: usize,
    units: &[U],
    work: impl Fn(&mut L, &U) -> Result<R, E> + Sync,
    mut take: impl FnMut(usize, R) -> ControlFlow<()>,
) -> Result<(), E> {
    let mut ahead = BTreeMap::new();
    let mut taken = 0;
    let mut ended = Ok(());
    in_lanes(lanes, units, work, |number, result| {
        match result {
            Ok(result) => ahead.insert(number, result),
            Err(error) => {
                ended = Err(error);
                return ControlFlow::Break(());
            }
        };
        while let Some(result) = ahead.remove(&taken) {
            taken += 1;
            take(taken - 1, result)?;
        }
        ControlFlow::Continue(())
    });
    ended
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
        // The first unit finishes after the others.
        let others = std::sync::Barrier::new(2);
        let mut taken = Vec::new();
        let work = |(): &mut (), unit: &u32| {
            if [0, 3].contains(unit) {
                others.wait();
            }
            Ok::<_, ()>(unit * 2)
        };
        let ended = in_order(2, &[0, 1, 2, 3], work, |number, result| {
            taken.push((number, result));
            ControlFlow::Continue(())
        });
        assert_eq!((ended, taken), (Ok(()), vec![(0, 0), (1, 2), (2, 4), (3, 6)]));
    }

    #[test]
    fn a_failure_ends_it() {
        let mut taken = Vec::new();
        let work = |(): &mut (), unit: &u32| if *unit < 2 { Ok(*unit) } else { Err(*unit) };
        let ended = in_order(1, &[0, 1, 2, 3], work, |_, result| {
            taken.push(result);
            ControlFlow::Continue(())
        });
        assert_eq!((ended, taken), (Err(2), vec![0, 1]));
    }
}
