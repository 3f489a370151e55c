use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::thread::futex;

/// A bit of the generation: the barrier is abandoned.
const ABANDONED: u32 = 1 << 31;

/// The number of times a waiting opener polls before it sleeps, where each
/// opener has a core. That takes some microseconds.
const LOOKS: u32 = 100;

/// The barrier at which all openers of a round wait for the last one.
///
/// It is two numbers in shared memory. The last opener to arrive increments the
/// generation and wakes the others, which sleep in futex(2). Abandoning sets a
/// bit of the same number, so for each generation all openers agree on whether
/// it started.
#[derive(Debug, Clone, Copy)]
pub struct Barrier<'a> {
    arrived: &'a AtomicU32,
    generation: &'a AtomicU32,
    openers: u32,
    /// Whether each opener has a core.
    spins: bool,
}

/// Why an opener left the barrier alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The barrier was abandoned.
    Abandoned,
    /// Another opener did not arrive in time.
    Late,
}

impl<'a> Barrier<'a> {
    /// A barrier for `openers` openers, in memory that all of them share.
    pub fn new(arrived: &'a AtomicU32, generation: &'a AtomicU32, openers: usize) -> Barrier<'a> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let spins = cores >= openers;
        Barrier { arrived, generation, openers: u32::try_from(openers).unwrap_or(u32::MAX), spins }
    }

    /// Waits until all openers have arrived, for `patience` at most.
    ///
    /// # Errors
    /// When the barrier is abandoned, or another opener is late.
    pub fn wait(&self, patience: Duration) -> Result<(), Left> {
        let generation = self.generation.load(Acquire);
        if generation & ABANDONED != 0 {
            return Err(Left::Abandoned);
        }
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.openers {
            return self.release(generation);
        }
        if self.spins {
            for _ in 0..LOOKS {
                if let Some(left) = self.left(generation) {
                    return left;
                }
                std::hint::spin_loop();
            }
        }
        self.sleep(generation, patience)
    }

    fn release(&self, generation: u32) -> Result<(), Left> {
        // Reset this before any opener can reach the next generation.
        self.arrived.store(0, Relaxed);
        let next = (generation + 1) & !ABANDONED;
        let raised = self.generation.compare_exchange(generation, next, AcqRel, Acquire);
        self.wake();
        raised.map(|_| ()).map_err(|_| Left::Abandoned)
    }

    fn sleep(&self, generation: u32, patience: Duration) -> Result<(), Left> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(left) = self.left(generation) {
                return left;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = futex::Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            // Not a private futex: the openers are processes.
            let slept =
                futex::wait(self.generation, futex::Flags::empty(), generation, Some(&timeout));
            if slept == Err(Errno::TIMEDOUT) && self.left(generation).is_none() {
                return Err(Left::Late);
            }
        }
    }

    /// The result for an opener that arrived in `generation`; `None` while the
    /// generation has not changed.
    fn left(&self, generation: u32) -> Option<Result<(), Left>> {
        let now = self.generation.load(Acquire);
        if now == generation {
            None
        } else if now == generation | ABANDONED {
            Some(Err(Left::Abandoned))
        } else {
            Some(Ok(()))
        }
    }

    /// Sends away all openers that wait, and all that arrive later.
    pub fn abandon(&self) {
        self.generation.fetch_or(ABANDONED, SeqCst);
        self.wake();
    }

    /// The number of times that all openers have left together.
    pub fn generation(&self) -> u32 {
        self.generation.load(SeqCst) & !ABANDONED
    }

    fn wake(&self) {
        // This fails only for an address without memory.
        let _ = futex::wake(self.generation, futex::Flags::empty(), i32::MAX as u32);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn nobody_is_ahead_of_anybody_by_more_than_one_round() {
        const OPENERS: usize = 4;
        const ROUNDS: u64 = 2_000;
        let (arrived, generation) = (AtomicU32::new(0), AtomicU32::new(0));
        let barrier = Barrier::new(&arrived, &generation, OPENERS);
        let rounds: [AtomicU64; OPENERS] = Default::default();
        std::thread::scope(|scope| {
            for me in 0..OPENERS {
                let rounds = &rounds;
                scope.spawn(move || {
                    for round in 1..=ROUNDS {
                        rounds[me].store(round, SeqCst);
                        barrier.wait(PATIENCE).expect("all come");
                        for other in rounds {
                            let other = other.load(SeqCst);
                            assert!(other == round || other == round + 1, "{other} in {round}");
                        }
                    }
                });
            }
        });
        assert_eq!(u64::from(barrier.generation()), ROUNDS);
    }

    #[test]
    fn whoever_waits_for_somebody_who_never_comes_is_sent_away() {
        let (arrived, generation) = (AtomicU32::new(0), AtomicU32::new(5));
        let barrier = Barrier::new(&arrived, &generation, 2);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| barrier.wait(PATIENCE));
            while arrived.load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            barrier.abandon();
            assert_eq!(waiting.join().expect("no panic"), Err(Left::Abandoned));
        });
        assert_eq!(barrier.wait(PATIENCE), Err(Left::Abandoned));
        assert_eq!(barrier.generation(), 5);
    }

    #[test]
    fn a_wait_ends_when_somebody_is_late() {
        let (arrived, generation) = (AtomicU32::new(0), AtomicU32::new(0));
        let barrier = Barrier::new(&arrived, &generation, 2);
        assert_eq!(barrier.wait(Duration::from_millis(1)), Err(Left::Late));
    }

    #[test]
    fn of_one_generation_either_all_go_or_nobody() {
        for _ in 0..300 {
            let (arrived, generation) = (AtomicU32::new(0), AtomicU32::new(0));
            let barrier = Barrier::new(&arrived, &generation, 2);
            let went = std::thread::scope(|scope| {
                let both = [(), ()].map(|()| scope.spawn(|| barrier.wait(PATIENCE)));
                barrier.abandon();
                both.map(|one| one.join().expect("no panic"))
            });
            assert_eq!(went[0], went[1]);
        }
    }
}
