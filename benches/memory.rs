//! The memory of an idle opener, beside a bare forked process that has the
//! image open and locked and waits.
#![expect(unsafe_code, reason = "the floor forks by itself")]

mod paired;

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use imglock_core::{Access, Backend, ByteLocks, LockType, Mode, RangeSpec};
use imglock_engine::{Launcher, LauncherOptions, Request, StopToken};
use imglock_locks::KernelLocks;
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

const OPENERS: usize = 500;
const FLOOR: &str = "IMGLOCK_BENCH_FLOOR";
/// The highest ratio aimed at. A worker has a message buffer and the pages of a
/// program that can carry out every step of a scenario.
const AIM: f64 = 1.5;

fn main() {
    imglock_qemu::init();
    if let Some(image) = std::env::var_os(FLOOR) {
        return floor(Path::new(&image));
    }
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("disk.img");
    std::fs::write(&image, [0; 512]).expect("an image");
    let ours = ours(directory.path(), &image);
    let output = std::process::Command::new("/proc/self/exe").env(FLOOR, &image).output();
    let output = output.expect("the floor runs");
    let floor: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
    let ratio = ours / floor;
    let verdict = paired::verdict(ratio, AIM);
    println!(
        "{OPENERS} idle openers: {ours:.0} KiB each; bare forked process that holds the same \
         locks: {floor:.0} KiB each; ratio {ratio:.2}, {verdict} the {AIM} aimed at \
         (private pages and page tables)"
    );
    paired::guard("memory of an idle opener", ratio, AIM);
}

/// KiB of each worker that has the image open.
fn ours(directory: &Path, image: &Path) -> f64 {
    let (_trigger, stop) = StopToken::pair().expect("a pipe");
    let options = LauncherOptions::new(directory.to_owned(), stop.clone());
    let mut launcher = Launcher::start(&options).expect("a launcher");
    launcher.begin().expect("a directory");
    let names: Vec<String> = (0..OPENERS).map(|number| format!("vm{number}")).collect();
    let mut workers = launcher.spawn(&names).expect("workers");
    for worker in &mut workers {
        let open = Request::Open {
            path: image.to_owned(),
            access: Access::ReadWrite,
            cloexec: true,
            locks: Some(Backend::Ofd),
            claim: Mode::ShareRw.claim(),
            pause_after: None,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let reply = worker.ask(&open, deadline, &stop).expect("a reply");
        assert!(reply.node.is_some(), "it has the image open");
    }
    let each = mean(workers.iter().map(|worker| worker.pid));
    launcher.end().expect("all gone");
    each
}

/// Forks as many children, each of which opens, locks and waits; prints KiB of
/// each.
fn floor(image: &Path) {
    let (go, wait_for_go) = UnixStream::pair().expect("a socket pair");
    let (mut ready, done) = UnixStream::pair().expect("a socket pair");
    let mut children = Vec::with_capacity(OPENERS);
    for _ in 0..OPENERS {
        // SAFETY: this program has one thread.
        match unsafe { fork() }.expect("a child") {
            ForkResult::Parent { child } => children.push(child.as_raw()),
            ForkResult::Child => {
                drop((go, ready));
                hold(image, done, wait_for_go);
                std::process::exit(0);
            }
        }
    }
    drop((done, wait_for_go));
    ready.read_exact(&mut [0; OPENERS]).expect("all are ready");
    println!("{}", mean(children.into_iter()));
    drop(go);
    for _ in 0..OPENERS {
        wait().expect("a child");
    }
}

fn hold(image: &Path, mut done: UnixStream, mut go: UnixStream) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(image).expect("the image");
    let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
    for byte in [100, 101] {
        locks.set(LockType::Read, RangeSpec::byte(byte)).expect("locked");
    }
    std::io::Write::write_all(&mut done, &[1]).expect("told");
    drop(done);
    // The end of the file is the sign to go.
    let _ = go.read(&mut [0]);
}

fn mean(pids: impl Iterator<Item = i32>) -> f64 {
    pids.map(kib).sum::<f64>() / OPENERS as f64
}

/// The process's private pages and page tables.
fn kib(pid: i32) -> f64 {
    let sum = |file: &str, names: &[&str]| -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("its numbers");
        let lines = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        let number =
            |line: &str| line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
        lines.filter_map(number).sum::<f64>()
    };
    sum("smaps_rollup", &["Private_Clean:", "Private_Dirty:"]) + sum("status", &["VmPTE:"])
}
