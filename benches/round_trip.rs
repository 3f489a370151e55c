//! A step's round trip, beside a bare ping-pong over a socket pair.

mod paired;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use imglock_core::{Access, Backend, Claim, LockType, RangeSpec};
use imglock_engine::{Launcher, LauncherOptions, Reply, Request, StopToken};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::{Pid, read, write};

const TRIPS: u32 = 2_000;
const ECHO: &str = "IMGLOCK_BENCH_ECHO";

fn main() {
    imglock_qemu::init();
    if std::env::var_os(ECHO).is_some() {
        return echo();
    }
    // On one CPU, where a round trip is two switches; else it is measured
    // where the scheduler happens to put the two processes.
    let mut one = CpuSet::new();
    one.set(0).expect("a CPU");
    sched_setaffinity(Pid::from_raw(0), &one).expect("one CPU");
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let options = LauncherOptions::new(directory.path().to_owned(), stop.clone());
    let mut launcher = Launcher::start(&options).expect("a launcher");
    launcher.begin().expect("a directory");
    let mut worker = launcher.spawn(&["vm1".to_owned()]).expect("a worker").remove(0);
    let mut call = |request: &Request| -> Reply {
        worker.ask(request, Instant::now() + Duration::from_secs(10), &stop).expect("a reply")
    };
    let open = Request::Open {
        path: image,
        access: Access::ReadWrite,
        cloexec: true,
        locks: Some(Backend::Ofd),
        claim: Claim::NOTHING,
        pause_after: None,
    };
    let fd = call(&open).node.expect("a node").fd;
    let (kind, range) = (LockType::Write, RangeSpec::byte(100));
    let test = Request::Test { fd, backend: Backend::Ofd, kind, range };

    let (ours, theirs) = UnixStream::pair().expect("a socket pair");
    let mut echo = Command::new("/proc/self/exe")
        .env(ECHO, "1")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .expect("the other process");
    let mut byte = [1; 16];
    let paired = paired::measure(
        25,
        || (0..TRIPS).for_each(|_| drop(call(&test))),
        || {
            for _ in 0..TRIPS {
                write(&ours, &byte).expect("written");
                read(&ours, &mut byte).expect("read");
            }
        },
    );
    paired::report("step round trip", "bare ping-pong", &paired, TRIPS, 2.0);
    drop(ours);
    echo.wait().expect("it ends");
}

/// The other end of the ping-pong.
fn echo() {
    let stdin = std::io::stdin();
    let socket = stdin.as_fd();
    let mut byte = [0; 16];
    while matches!(read(socket, &mut byte), Ok(length) if length > 0) {
        if write(socket, &byte).is_err() {
            return;
        }
    }
}
