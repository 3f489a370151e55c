//! Steps of random scenarios, beside a bare process that makes fcntl calls.
//!
//! In each step, a process receives the step, carries it out and answers; the
//! outcome is predicted, and the kernel's lock table is read and compared. Each
//! case starts new processes and creates new images, and removes all of them at
//! the end. The floor is the same number of lock calls by one process on one
//! file: the cost of the kernel's part.

mod paired;

use std::os::fd::AsFd;

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_engine::{ExplorePlan, SessionOptions, StopToken, explore};
use imglock_locks::KernelLocks;

const ROUNDS: usize = 9;

fn main() {
    imglock_qemu::init();
    let cases: u64 = paired::size(100, 20);
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let file = std::fs::File::options().read(true).write(true).open(&image).expect("the image");
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = SessionOptions::new(directory.path().to_owned(), stop);
    for backend in Backend::ALL {
        let mut seed = 0;
        let mut steps = 0;
        let mut locks = KernelLocks::new(file.as_fd(), backend);
        let calls = u32::try_from(cases).expect("few") * 12;
        let paired = paired::measure(
            ROUNDS,
            || {
                seed += 1;
                let plan = ExplorePlan::hunt(backend, seed, cases);
                let explored = explore(&plan, &options, &mut |_| {}).expect("explored");
                assert!(explored.agrees(), "{}", explored.differences[0].scenario);
                steps = explored.steps;
            },
            || {
                for call in 0..calls {
                    let byte = RangeSpec::byte(100 + i64::from(call / 2 % 4));
                    match call % 2 {
                        0 => locks.set(LockType::Read, byte).expect("nobody is in the way"),
                        _ => locks.unlock(byte).expect("unlocked"),
                    }
                }
            },
        );
        let per_second = cases as f64 / paired.ours.as_secs_f64();
        println!(
            "{backend}, one lane: {:.2?} a step ({per_second:.0} cases of 12 steps a second); \
             bare fcntl: {:.2?}; ratio {:.0}",
            paired.ours / calls,
            paired.floor / calls,
            paired.ratio
        );
        assert!(steps > 0);
    }
}
