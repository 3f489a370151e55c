//! Work in several threads at a time: the one pool of the engine.
//!
//! A *lane* is a thread together with what it keeps from one unit of work to
//! the next, such as a launcher. Lanes take units in their order.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The number of lanes that are of use: `wanted`, but at most one for each
/// unit.
pub fn useful_lanes(wanted: usize, units: usize) -> usize {
    wanted.clamp(1, units.max(1))
}

/// Runs `work` for each of `units` in one thread for each of `lanes`, and
/// passes each message of a lane to `take` as soon as it comes. Units start in
/// order.
///
/// `work` sends any number of messages for a unit; sending breaks once the
/// receiver is gone. A lane ends after `work` breaks. After `take` breaks, no
/// further unit starts and the receiver is gone; the function returns when all
/// lanes have ended.
pub fn in_lanes<L: Send, U: Send, M: Send>(
    lanes: impl IntoIterator<Item = L>,
    units: impl Iterator<Item = U> + Send,
    work: impl Fn(&mut L, U, &dyn Fn(M) -> ControlFlow<()>) -> ControlFlow<()> + Sync,
    mut take: impl FnMut(M) -> ControlFlow<()>,
) {
    let units = Units::of(units);
    let (sender, messages) = channel();
    thread::scope(|scope| {
        for lane in lanes {
            let (units, work, sender) = (&units, &work, sender.clone());
            scope.spawn(move || units.work_on(lane, work, &sender));
        }
        drop(sender);
        for message in messages {
            if take(message).is_break() {
                return units.end();
            }
        }
    });
}

/// Runs `work` for each of `units`, up to `lanes` at a time. `take` receives
/// the results in the order of the units.
///
/// Each lane has its own `L`, such as a launcher that it creates when the first
/// unit needs it.
///
/// # Errors
/// Returns the first failure, which ends the work.
pub fn in_order<L: Default + Send, U: Sync, R: Send, E: Send>(
    lanes: usize,
    units: &[U],
    work: impl Fn(&mut L, &U) -> Result<R, E> + Sync,
    mut take: impl FnMut(usize, R) -> ControlFlow<()>,
) -> Result<(), E> {
    let mut ahead = BTreeMap::new();
    let mut taken = 0;
    let mut ended = Ok(());
    each_in_lanes(lanes, units, work, |number, result| {
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

/// Like [`in_order`], but `take` receives each result, with the unit's number,
/// as soon as it is ready. After `take` breaks, results of running units are
/// dropped.
pub(crate) fn each_in_lanes<L: Default + Send, U: Sync, R: Send>(
    lanes: usize,
    units: &[U],
    work: impl Fn(&mut L, &U) -> R + Sync,
    mut take: impl FnMut(usize, R) -> ControlFlow<()>,
) {
    let lanes = (0..useful_lanes(lanes, units.len())).map(|_| L::default());
    in_lanes(
        lanes,
        units.iter().enumerate(),
        |lane, (number, unit), tell| tell((number, work(lane, unit))),
        |(number, result)| take(number, result),
    );
}

/// Lanes that work in the background. Iterating yields their messages. Dropping
/// them starts no further unit and waits for the running ones.
pub(crate) struct Lanes<I, M> {
    units: Arc<Units<I>>,
    messages: Receiver<M>,
    threads: Vec<JoinHandle<()>>,
}

impl<I, M> Lanes<I, M>
where
    I: Iterator + Send + 'static,
    M: Send + 'static,
{
    /// Starts `work`, as [`in_lanes`] does.
    pub(crate) fn start<L: Send + 'static>(
        lanes: impl IntoIterator<Item = L>,
        units: I,
        work: impl Fn(&mut L, I::Item, &dyn Fn(M) -> ControlFlow<()>) -> ControlFlow<()>
        + Send
        + Sync
        + 'static,
    ) -> Lanes<I, M> {
        let (units, work) = (Arc::new(Units::of(units)), Arc::new(work));
        let (sender, messages) = channel();
        let begin = |lane| {
            let (units, work, sender) = (Arc::clone(&units), Arc::clone(&work), sender.clone());
            thread::spawn(move || units.work_on(lane, &*work, &sender))
        };
        let threads = lanes.into_iter().map(begin).collect();
        Lanes { units, messages, threads }
    }
}

impl<I, M> Iterator for Lanes<I, M> {
    type Item = M;

    fn next(&mut self) -> Option<M> {
        self.messages.recv().ok()
    }
}

impl<I, M> Drop for Lanes<I, M> {
    fn drop(&mut self) {
        self.units.end();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl<I, M> fmt::Debug for Lanes<I, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// Units of work that have not started; `None` after the last one.
struct Units<I>(Mutex<Option<I>>);

impl<I> Units<I> {
    fn of(units: I) -> Units<I> {
        Units(Mutex::new(Some(units)))
    }

    /// Lets no further unit start.
    fn end(&self) {
        *self.left() = None;
    }

    fn left(&self) -> MutexGuard<'_, Option<I>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Iterator> Units<I> {
    fn next(&self) -> Option<I::Item> {
        let mut left = self.left();
        let next = left.as_mut()?.next();
        if next.is_none() {
            *left = None;
        }
        next
    }

    /// Runs one lane until no unit is left or `work` breaks.
    fn work_on<L, M>(
        &self,
        mut lane: L,
        work: &impl Fn(&mut L, I::Item, &dyn Fn(M) -> ControlFlow<()>) -> ControlFlow<()>,
        sender: &Sender<M>,
    ) {
        let tell = |message| match sender.send(message) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        while let Some(unit) = self.next() {
            if work(&mut lane, unit, &tell).is_break() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

    use super::*;

    #[rstest::rstest]
    fn each_unit_is_worked_on_once(#[values(1, 2, 9)] lanes: usize) {
        let mut taken = Vec::new();
        let double = |(): &mut (), unit: &u32| unit * 2;
        each_in_lanes(lanes, &[10, 11, 12, 13], double, |number, result| {
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
        each_in_lanes(1, &[(), (), ()], count, |_, done| {
            counts.push(done);
            ControlFlow::Continue(())
        });
        assert_eq!(counts, [1, 2, 3]);
    }

    #[test]
    fn when_it_is_enough_the_rest_is_left_out() {
        // So many that the lanes work for seconds, while this thread needs to wake once.
        let units = 0..20_000_000;
        let last = AtomicU32::new(0);
        let mut taken = 0;
        let work = |(): &mut (), unit, tell: &dyn Fn(()) -> ControlFlow<()>| {
            last.fetch_max(unit, Ordering::Relaxed);
            let _ = tell(());
            ControlFlow::Continue(())
        };
        in_lanes([(), ()], units.clone(), work, |()| {
            taken += 1;
            ControlFlow::Break(())
        });
        assert_eq!(taken, 1);
        assert!(last.into_inner() < units.end - 1, "all were worked on");
    }

    #[test]
    fn nothing_to_do_is_done() {
        each_in_lanes(2, &[], |(): &mut (), _: &u32| (), |_, ()| panic!("there is no unit"));
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

    #[test]
    fn a_lane_that_breaks_off_leaves_the_rest_to_the_others() {
        let mut told = Vec::new();
        // The first lane meets the second one there, and breaks off.
        let both = std::sync::Barrier::new(2);
        in_lanes(
            [true, false],
            0..4,
            |breaks, unit, tell| {
                if unit < 2 {
                    both.wait();
                }
                tell(unit)?;
                if *breaks { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
            |unit| {
                told.push(unit);
                ControlFlow::Continue(())
            },
        );
        told.sort_unstable();
        assert_eq!(told, [0, 1, 2, 3]);
    }

    #[test]
    fn a_unit_can_have_several_messages_or_none() {
        let mut told = Vec::new();
        let repeat = |_: &mut (), unit: u32, tell: &dyn Fn(u32) -> ControlFlow<()>| {
            (0..unit).try_for_each(|_| tell(unit))
        };
        in_lanes([()], [2, 0, 1].into_iter(), repeat, |unit| {
            told.push(unit);
            ControlFlow::Continue(())
        });
        assert_eq!(told, [2, 2, 1]);
    }

    #[test]
    fn lanes_in_the_background_end_when_they_are_dropped() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&begun);
        let mut lanes = Lanes::start([(), ()], 0_u32.., move |(), unit, tell| {
            counted.fetch_add(1, Ordering::Relaxed);
            tell(unit)
        });
        assert!(lanes.next().is_some());
        drop(lanes);
        let before = begun.load(Ordering::Relaxed);
        thread::yield_now();
        assert_eq!(begun.load(Ordering::Relaxed), before, "a unit was begun after the end");
    }
}
