//! How time grows from ten to ten thousand openers of one image in one
//! scenario, beside a bare program that forks as many processes. These open,
//! lock and wait until all of them have done so. The growth of the bare program
//! is the kernel's own work.
#![expect(unsafe_code, reason = "the floor forks by itself")]

mod paired;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec, Verdict};
use imglock_engine::{Engine, RunOptions, SessionOptions, StopToken};
use imglock_locks::KernelLocks;
use imglock_scenario::Scenario;
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

const FLOOR: &str = "IMGLOCK_BENCH_FLOOR";
const COUNT: &str = "IMGLOCK_BENCH_COUNT";

/// Each ten times the one before, so that growth is read off line by line.
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    imglock_qemu::init();
    if let Some(image) = std::env::var_os(FLOOR) {
        let count = std::env::var(COUNT).ok().and_then(|count| count.parse().ok());
        return floor(Path::new(&image), count.expect("a number of openers"));
    }
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let options = SessionOptions {
        step_timeout: Duration::from_secs(60),
        ..SessionOptions::new(directory.path().to_owned(), stop)
    };
    for backend in Backend::ALL {
        let mut engine = Engine::prepare(&options, backend).expect("an engine");
        // Ten thousand take a minute.
        let largest = paired::size(10_000, 1_000);
        for count in COUNTS.into_iter().filter(|count| *count <= largest) {
            let scenario = scenario(count);
            let paired = paired::measure(
                // The smaller, the noisier.
                (3_000 / count).clamp(3, 25),
                || {
                    let result = engine.run(&scenario, RunOptions::new(backend)).expect("a result");
                    assert_eq!(result.verdict, Verdict::Passed, "{}", result.reason);
                },
                || {
                    let status = Command::new("/proc/self/exe")
                        .env(FLOOR, &image)
                        .env(COUNT, count.to_string())
                        .env("FLOOR_BACKEND", backend.name())
                        .status();
                    assert!(status.expect("the floor runs").success());
                },
            );
            let openers = u32::try_from(count).expect("a small number");
            println!(
                "{count:>6} openers, {backend:<5}  {:>9.2?}, {:>9.2?} each; bare fork, open, lock, \
                 exit: {:>9.2?}, {:>9.2?} each; ratio {:.2}",
                paired.ours,
                paired.ours / openers,
                paired.floor,
                paired.floor / openers,
                paired.ratio
            );
            if count == largest {
                let what = format!("{count} openers, {backend}");
                paired::report(&what, "bare fork, open, lock, exit", &paired, 1, 1.5);
            }
        }
    }
}

fn scenario(count: usize) -> Scenario {
    let text = format!(
        "summary \"Many openers\"\nabout \"As many as it takes\"\n\
         repeat {count} as=n {{\n    vm$n open disk mode=share-rw\n}}\n"
    );
    Scenario::parse("openers", "openers.kdl", &text).expect("a scenario")
}

/// Forks `count` children; each opens the image and makes the fcntl calls of
/// `share-rw`, then stays until the last one has made them.
fn floor(image: &Path, count: usize) {
    let backend = match std::env::var("FLOOR_BACKEND").as_deref() {
        Ok("posix") => Backend::Posix,
        _ => Backend::Ofd,
    };
    let (mut ready, done) = UnixStream::pair().expect("a socket pair");
    let (go, wait_for_go) = UnixStream::pair().expect("a socket pair");
    for _ in 0..count {
        // SAFETY: this program has one thread.
        match unsafe { fork() }.expect("a child") {
            ForkResult::Parent { .. } => {
                // One after the other, as the steps of a scenario are.
                ready.read_exact(&mut [0]).expect("the child is ready");
            }
            ForkResult::Child => {
                drop(go);
                open_and_lock(image, backend, done, wait_for_go);
                std::process::exit(0);
            }
        }
    }
    drop(go);
    for _ in 0..count {
        wait().expect("a child");
    }
}

fn open_and_lock(image: &Path, backend: Backend, mut done: UnixStream, mut go: UnixStream) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(image).expect("the image");
    let mut locks = KernelLocks::new(file.as_fd(), backend);
    for byte in [100, 101] {
        locks.set(LockType::Read, RangeSpec::byte(byte)).expect("locked");
    }
    for byte in [200, 201] {
        locks.test(LockType::Write, RangeSpec::byte(byte)).expect("tested");
    }
    done.write_all(&[1]).expect("told");
    // The end of the file is the sign to go.
    let _ = go.read(&mut [0]);
}
