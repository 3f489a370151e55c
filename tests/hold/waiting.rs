//! `--wait`: until the image is free, but not longer, and without blocking
//! other openers.

use std::time::{Duration, Instant};

use imglock_core::{Locking, Mode};
use imglock_locks::Hold;
use nix::sys::signal::Signal;
use rstest::rstest;

use crate::holder::{Holder, hold, run};
use crate::outside::Folder;
use crate::table::{locks_for, locks_of, locks_on};

/// Long enough, even on a busy machine, for a step that takes no time.
const LONG: &str = "600";

/// A process that waits for an image that is still held.
fn waiting(folder: &Folder, mode: &str, seconds: &str) -> Holder {
    let image = folder.path().join("disk.img");
    let mut waiting = Holder::start(hold(&image, mode, &["--wait", seconds, "--", "echo", "mine"]));
    let line = waiting.error_line();
    assert!(line.contains(": waiting up to "), "{line}");
    waiting
}

#[test]
fn whoever_waits_gets_it_when_the_holder_ends() {
    let folder = Folder::new();
    let holder = Holder::of(&folder.file("disk.img", ""), "rw");
    let waiting = waiting(&folder, "rw", LONG);
    holder.signal(Signal::SIGTERM);
    assert_eq!(holder.ended().code, 0);
    let ended = waiting.ended();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "mine\n", ""));
}

#[rstest]
#[case::once("0", false)]
#[case::for_a_while("0.2", true)]
fn it_gives_up_when_the_time_is_over(#[case] seconds: &str, #[case] waits: bool) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let _holder = Holder::of(&image, "rw");
    let begin = Instant::now();
    let ended = run(hold(&image, "rw", &["--wait", seconds, "--", "echo", "mine"]));
    assert!(begin.elapsed() >= Duration::from_secs_f64(seconds.parse().expect("a number")));
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert_eq!(ended.stderr.contains("waiting up to"), waits, "{ended:?}");
    assert_eq!(ended.stderr.contains("gave up after 0.2 s"), waits, "{ended:?}");
}

#[test]
fn a_time_without_end_is_one() {
    let folder = Folder::new();
    let holder = Holder::of(&folder.file("disk.img", ""), "rw");
    let waiting = waiting(&folder, "rw", "18000000000000000000");
    holder.signal(Signal::SIGTERM);
    assert_eq!(waiting.ended().code, 0);
}

#[test]
fn what_is_free_is_not_waited_for() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let ended = run(hold(&image, "rw", &["--wait", LONG, "--", "true"]));
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

/// A waiting process keeps no byte locked, not even for a moment. A third
/// opener with a conflicting mode acquires its locks at every attempt.
#[test]
fn whoever_waits_is_in_nobodys_way() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let _holder = Holder::of(&image, "share-rw");
    let waiting = waiting(&folder, "rw", LONG);
    assert_eq!(locks_of(waiting.pid()), Vec::<String>::new());
    assert_eq!(locks_on(&image), locks_for("ofd", Mode::ShareRw));
    assert!(Mode::Rw.claim().conflicts_with(Mode::ShareRw.claim()));
    let (begin, mut tries) = (Instant::now(), 0);
    // It looks again many times meanwhile.
    while begin.elapsed() < Duration::from_secs(1) {
        let open = Hold::open(&image, Mode::ShareRw.claim(), Locking::Auto);
        let opened = open.expect("an image").acquire();
        assert_eq!(opened, Ok(()), "after {tries} times");
        tries += 1;
    }
}

#[rstest]
#[case(Signal::SIGINT)]
#[case(Signal::SIGTERM)]
fn a_signal_ends_the_wait_and_nothing_is_run(#[case] signal: Signal) {
    let folder = Folder::new();
    let _holder = Holder::of(&folder.file("disk.img", ""), "rw");
    let waiting = waiting(&folder, "rw", LONG);
    waiting.signal(signal);
    let ended = waiting.ended();
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (130, "", "error: interrupted\n")
    );
}
