use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// Does `work` for each of `units`, several at a time, and hands each result
/// to `take` as it comes, with the unit's number. When `take` says false, what
/// has not begun is left out.
pub(super) fn in_lanes<U: Sync, R: Send>(
    lanes: usize,
    units: &[U],
    work: impl Fn(&U) -> R + Sync,
    mut take: impl FnMut(usize, R) -> bool,
) {
    let next = AtomicUsize::new(0);
    let (sender, results) = channel();
    thread::scope(|scope| {
        for _ in 0..lanes.clamp(1, units.len().max(1)) {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(unit) = units.get(number) else { return };
                    if sender.send((number, work(unit))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for (number, result) in results {
            if !take(number, result) {
                // Nobody finds a next one.
                next.store(units.len(), Ordering::Relaxed);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    fn each_unit_is_worked_on_once(#[values(1, 2, 9)] lanes: usize) {
        let mut taken = Vec::new();
        in_lanes(
            lanes,
            &[10, 11, 12, 13],
            |unit| unit * 2,
            |number, result| {
                taken.push((number, result));
                true
            },
        );
        taken.sort_unstable();
        assert_eq!(taken, [(0, 20), (1, 22), (2, 24), (3, 26)]);
    }

    #[test]
    fn when_it_is_enough_the_rest_is_left_out() {
        let units: Vec<u32> = (0..100_000).collect();
        let mut taken = 0;
        in_lanes(
            2,
            &units,
            |_| (),
            |_, ()| {
                taken += 1;
                false
            },
        );
        assert!(taken < units.len(), "all {taken} were worked on");
    }

    #[test]
    fn nothing_to_do_is_done() {
        in_lanes(2, &[], |_: &u32| (), |_, ()| panic!("there is no unit"));
    }
}
