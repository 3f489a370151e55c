//! Rounds of a race, beside a bare loop: as many openers, a futex barrier, the
//! same calls of open(2), fcntl(2) and close(2), and nothing else. The bare
//! openers do not observe each other, and the loop records and judges nothing.
//!
//! The bare openers are threads, each with its own descriptor table. The
//! kernel's locks treat them like processes. The scheduler switches between
//! threads more cheaply, so the floor is rather too low than too high.

mod paired;

use std::fs::OpenOptions;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use imglock_core::{Access, Backend};
use imglock_engine::{RacePlan, SessionOptions, StopToken, race};
use imglock_locks::{ByteClaims, KernelLocks};
use nix::sched::{CloneFlags, unshare};
use rustix::thread::futex::{Flags, wait, wake};

/// About a second of rounds. Starting and ending the processes is a small part of it.
fn rounds() -> u32 {
    paired::size(20_000, 5_000)
}

fn main() {
    imglock_qemu::init();
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk");
    std::fs::write(&image, [0; 512]).expect("an image");
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = SessionOptions::new(directory.path().to_owned(), stop);
    for openers in [2, 4, 16] {
        let count = rounds();
        let rounds = Some(u64::from(count));
        let plan = RacePlan { openers, sharing: 0, rounds, ..RacePlan::new(Backend::Ofd) };
        let paired = paired::measure(
            7,
            || {
                let sum = race(&plan, &options, &mut |_| {}).expect("a race");
                assert!(sum.holds() && sum.complete && sum.contested > 0, "{sum:?}");
            },
            || bare(&plan, &image),
        );
        let what = format!("round of {openers} openers");
        paired::report(&what, "bare barrier and calls", &paired, count, 2.5);
    }
}

/// The same openings by bare threads.
fn bare(plan: &RacePlan, image: &Path) {
    let barrier = Barrier::default();
    std::thread::scope(|scope| {
        for opener in 0..plan.openers {
            let barrier = &barrier;
            scope.spawn(move || {
                unshare(CloneFlags::CLONE_FILES).expect("a table of its own");
                for round in 0..plan.rounds.unwrap_or_default() {
                    barrier.wait(plan.openers);
                    let claim = plan.mode(round, opener).claim();
                    let writes = Access::needed_by(claim) == Access::ReadWrite;
                    let file = OpenOptions::new().read(true).write(writes).open(image);
                    let file = file.expect("an image");
                    let mut locks = KernelLocks::new(file.as_fd(), plan.backend);
                    // Granted or refused: the loop makes the same calls as the race.
                    let _ = ByteClaims::default().change(&mut locks, claim);
                }
            });
        }
    });
}

#[derive(Default)]
struct Barrier {
    arrived: AtomicU32,
    generation: AtomicU32,
}

impl Barrier {
    fn wait(&self, openers: usize) {
        let generation = self.generation.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) as usize + 1 == openers {
            self.arrived.store(0, Release);
            self.generation.store(generation.wrapping_add(1), Release);
            let _ = wake(&self.generation, Flags::PRIVATE, i32::MAX as u32);
            return;
        }
        while self.generation.load(Acquire) == generation {
            let _ = wait(&self.generation, Flags::PRIVATE, generation, None);
        }
    }
}
