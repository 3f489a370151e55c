//! Which bytes are locked, and for how long.

use imglock_core::Mode;
use imglock_engine::ProcessHandle;
use nix::sys::signal::Signal;

use crate::holder::{Holder, await_exit, hold, run};
use crate::outside::Folder;
use crate::table::{locks_for, locks_of, locks_on};

/// Says it is there, and lives until its standard input ends.
const LIVES: &str = "echo ready; cat";

#[test]
fn each_mode_locks_its_bytes_and_no_other() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    for &mode in Mode::ALL {
        let holder = Holder::of(&image, mode.name());
        assert_eq!(locks_of(holder.pid()), locks_for("ofd", mode), "{mode}");
        assert_eq!(locks_on(&image), locks_for("ofd", mode), "{mode}");
        holder.signal(Signal::SIGTERM);
        assert_eq!(holder.ended().code, 0, "{mode}");
        assert!(locks_on(&image).is_empty(), "{mode}");
    }
}

#[test]
fn the_bytes_are_locked_while_the_command_runs_and_free_afterwards() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut holder = Holder::with_script(&image, &[], LIVES);
    assert_eq!(locks_on(&image), locks_for("ofd", Mode::Rw));
    assert_eq!(locks_of(holder.pid()), locks_for("ofd", Mode::Rw));
    holder.close_input();
    assert_eq!(holder.ended().code, 0);
    assert!(locks_on(&image).is_empty());
}

#[test]
fn the_bytes_are_free_once_imglock_is_killed() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut holder = Holder::with_script(&image, &[], "echo ready; echo $$; exec cat");
    let command = holder.line().parse().expect("a pid");
    let alive = ProcessHandle::open(command).expect("the command runs");
    holder.signal(Signal::SIGKILL);
    await_exit(&holder.process());
    assert!(locks_on(&image).is_empty());
    alive.kill().expect("the command lives on");
    assert_eq!(holder.ended().code, -9);
}

#[test]
fn an_inherited_descriptor_keeps_the_bytes_locked_when_imglock_is_killed() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let script = "echo ready; echo $$; exec cat";
    let mut holder = Holder::with_script(&image, &["--inherit"], script);
    let command = holder.line().parse().expect("a pid");
    let lives = ProcessHandle::open(command).expect("the command runs");
    holder.signal(Signal::SIGKILL);
    await_exit(&holder.process());
    assert_eq!(locks_on(&image), locks_for("ofd", Mode::Rw));
    assert_eq!(locks_of(command), locks_for("ofd", Mode::Rw));
    assert_eq!(run(hold(&image, "rw", &["--", "true"])).code, 1, "another one is refused");
    lives.kill().expect("the command lives on");
    await_exit(&lives);
    assert!(locks_on(&image).is_empty());
}

#[test]
fn who_is_refused_leaves_no_byte_behind() {
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let _holder = Holder::of(&image, "rw");
    assert_eq!(run(hold(&image, "stream-top", &["--", "true"])).code, 1);
    assert_eq!(locks_on(&image), locks_for("ofd", Mode::Rw));
}
