//! A table of 220 steps on byte ranges as one scenario, beside a bare loop of
//! two processes that take turns and make the same calls of fcntl(2).
//!
//! Both start two processes. The judges of the scenario compare the lock table after
//! each step, which the loop does not read. The time to read the scenario's text is
//! printed by itself.
#![expect(unsafe_code, reason = "the floor forks by itself")]

mod paired;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec, Verdict, Whence};
use imglock_engine::{Engine, RunOptions, SessionOptions, StopToken};
use imglock_locks::KernelLocks;
use imglock_scenario::Scenario;
use nix::unistd::{ForkResult, fork};

const FLOOR: &str = "IMGLOCK_BENCH_FLOOR";
const BACKEND: &str = "IMGLOCK_BENCH_BACKEND";
const TABLE: &str = include_str!("range_table.kdl");

fn main() {
    imglock_qemu::init();
    if let Some(image) = std::env::var_os(FLOOR) {
        return floor(Path::new(&image));
    }
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 4096]).expect("an image");
    let options = SessionOptions::new(directory.path().to_owned(), stop);
    let began = Instant::now();
    let scenario = Scenario::parse("range_table", "range_table.kdl", TABLE).expect("a scenario");
    println!("the text of 220 steps on ranges is read once, in {:.2?}", began.elapsed());
    for backend in Backend::ALL {
        let mut engine = Engine::prepare(&options, backend).expect("an engine");
        let paired = paired::measure(
            25,
            || {
                let result = engine.run(&scenario, RunOptions::new(backend));
                let result = result.expect("a result");
                assert_eq!(result.verdict, Verdict::Passed, "{}", result.reason);
            },
            || {
                let mut floor = Command::new("/proc/self/exe");
                floor.env(FLOOR, &image).env(BACKEND, backend.name());
                assert!(floor.status().expect("the floor runs").success());
            },
        );
        let what = format!("220 steps on ranges, {backend}");
        paired::report(&what, "bare loop of two processes", &paired, 1, 5.0);
    }
}

/// The parent plays the first process; a child plays the second one, a step at
/// a time.
fn floor(image: &Path) {
    let backend = match std::env::var(BACKEND).as_deref() {
        Ok("posix") => Backend::Posix,
        _ => Backend::Ofd,
    };
    let steps: Vec<Step> = TABLE.lines().filter_map(Step::parse).collect();
    assert_eq!(steps.len(), 220);
    let (mut here, mut there) = UnixStream::pair().expect("a socket pair");
    // SAFETY: this program has one thread here.
    match unsafe { fork() }.expect("a child") {
        ForkResult::Parent { child } => {
            drop(there);
            let file = open(image);
            let mut locks = KernelLocks::new(file.as_fd(), backend);
            for (number, step) in steps.iter().enumerate() {
                match step.actor {
                    "one" => step.act(&mut locks),
                    _ => {
                        here.write_all(&[u8::try_from(number).expect("few")]).expect("told");
                        here.read_exact(&mut [0]).expect("done");
                    }
                }
            }
            drop(here);
            nix::sys::wait::waitpid(child, None).expect("the child ends");
        }
        ForkResult::Child => {
            drop(here);
            let file = open(image);
            let mut locks = KernelLocks::new(file.as_fd(), backend);
            let mut number = [0];
            while there.read_exact(&mut number).is_ok() {
                steps[usize::from(number[0])].act(&mut locks);
                there.write_all(&number).expect("told");
            }
        }
    }
}

fn open(image: &Path) -> std::fs::File {
    std::fs::File::options().read(true).write(true).open(image).expect("the image")
}

/// A line of the table, as far as the loop needs it.
struct Step {
    actor: &'static str,
    verb: &'static str,
    kind: LockType,
    range: RangeSpec,
}

impl Step {
    /// Reads a line such as `one lock f type=write start=100 len=20 { ... }`.
    fn parse(line: &'static str) -> Option<Step> {
        let mut words = line.split_ascii_whitespace();
        let (actor, verb, _) = (words.next()?, words.next()?, words.next()?);
        if !["lock", "test", "unlock"].contains(&verb) {
            return None;
        }
        let value = |key: &str| {
            line.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        };
        let number = |key: &str| value(key)?.parse().ok();
        let kind = if value("type") == Some("read") { LockType::Read } else { LockType::Write };
        let range = RangeSpec { whence: Whence::Set, start: number("start")?, len: number("len")? };
        Some(Step { actor, verb, kind, range })
    }

    /// Makes the call and accepts any result. The scenario states the expected one.
    fn act(&self, locks: &mut KernelLocks<'_>) {
        match self.verb {
            "lock" => drop(locks.set(self.kind, self.range)),
            "test" => drop(locks.test(self.kind, self.range).expect("tested")),
            _ => locks.unlock(self.range).expect("unlocked"),
        }
    }
}
