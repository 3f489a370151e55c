//! Signals that a process sends to imglock, and the signals that the command receives.

use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use rstest::rstest;

use crate::holder::{Holder, hold, run};
use crate::outside::Folder;
use crate::table::locks_on;

/// Writes the name of each signal it gets, and ends after SIGTERM. It waits
/// with `wait`, which a trap interrupts, for a process that no key ends.
pub const WRITES_SIGNALS: &str = "
    for name in HUP INT QUIT USR1 USR2 CONT; do trap \"echo $name\" $name; done
    trap 'echo TSTP; kill -STOP $$' TSTP
    trap 'echo TERM; kill $!; exit 9' TERM
    (trap '' INT QUIT; echo ready; exec sleep 1000 >/dev/null 2>&1) &
    while :; do wait; done";

#[rstest]
#[case(Signal::SIGHUP, "HUP")]
#[case(Signal::SIGINT, "INT")]
#[case(Signal::SIGQUIT, "QUIT")]
#[case(Signal::SIGUSR1, "USR1")]
#[case(Signal::SIGUSR2, "USR2")]
fn a_signal_is_passed_on_once(#[case] signal: Signal, #[case] name: &str) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut holder = Holder::with_script(&image, &[], WRITES_SIGNALS);
    holder.signal(signal);
    assert_eq!(holder.line(), name);
    holder.signal(signal);
    assert_eq!(holder.line(), name);
    assert!(!locks_on(&image).is_empty(), "it holds on while the command does not end");
    // A signal that was passed on twice would be printed before this one.
    holder.signal(Signal::SIGTERM);
    let ended = holder.ended();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (9, "TERM\n", ""));
    assert!(locks_on(&image).is_empty());
}

#[test]
fn imglock_stops_with_its_command_and_goes_on_with_it() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut holder = Holder::with_script(&image, &[], WRITES_SIGNALS);
    let pid = Pid::from_raw(holder.pid());
    holder.signal(Signal::SIGTSTP);
    let change = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let stopped = waitid(Id::Pid(pid), change).expect("our child");
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    assert_eq!(holder.line(), "TSTP");
    assert!(!locks_on(&image).is_empty(), "it is held all the same");
    holder.signal(Signal::SIGCONT);
    assert_eq!(holder.line(), "CONT");
    holder.signal(Signal::SIGTERM);
    let ended = holder.ended();
    assert_eq!((ended.code, ended.stdout.as_str()), (9, "TERM\n"));
}

#[test]
fn what_a_command_sends_to_its_own_group_does_not_come_back_to_it() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let script = format!("trap 'echo early' USR1; kill -USR1 $PPID; {WRITES_SIGNALS}");
    let mut holder = Holder::with_script(&image, &[], &script);
    // Passed on in the order of their numbers, so SIGUSR1 would come first.
    holder.signal(Signal::SIGUSR2);
    assert_eq!(holder.line(), "USR2");
    holder.signal(Signal::SIGTERM);
    assert_eq!(holder.ended().stdout, "TERM\n");
}

#[rstest]
#[case(Signal::SIGINT)]
#[case(Signal::SIGTERM)]
#[case(Signal::SIGHUP)]
#[case(Signal::SIGQUIT)]
fn without_a_command_a_signal_lets_go(#[case] signal: Signal) {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let holder = Holder::of(&image, "rw");
    holder.signal(signal);
    let ended = holder.ended();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
}

/// As under nohup(1), and in the background of a script.
#[test]
fn what_was_ignored_at_the_start_stays_ignored_by_both() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let script = "trap '' HUP; exec \"$0\" hold disk.img --mode rw -- \
                  sh -c 'echo ready; exec cat'";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_imglock")]).current_dir(folder.path());
    let mut holder = Holder::start(shell);
    assert_eq!(holder.line(), "ready");
    holder.signal(Signal::SIGHUP);
    holder.tell("alive\n");
    assert_eq!(holder.line(), "alive");
    assert_eq!(holder.ended().code, 0);
    assert_eq!(run(hold(&image, "rw", &["--", "true"])).code, 0);
}
