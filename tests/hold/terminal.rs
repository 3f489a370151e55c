//! `hold` in a terminal made by script(1). The terminal itself sends its
//! signals to the command.
//!
//! Without script(1) a test is skipped and says why, unless `IMGLOCK_REQUIRE`
//! names `terminal`.

use std::path::Path;
use std::process::Command;

use imglock_engine::ProcessHandle;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::holder::{Holder, await_exit};
use crate::outside::{Folder, is_met, not_installed};
use crate::signals::WRITES_SIGNALS;
use crate::table::locks_on;

/// The characters of Ctrl-C and Ctrl-\.
const CTRL_C: &str = "\u{3}";
const CTRL_BACKSLASH: &str = "\u{1c}";

fn script() -> bool {
    is_met("terminal", not_installed("script"))
}

/// Runs imglock as the only program of a terminal, with the image `disk.img`
/// and `script`, if any, as its command. Its output is read line by line.
fn in_a_terminal(folder: &Folder, image: &Path, script: Option<&str>) -> Holder {
    let command = script.map(|script| folder.file("command.sh", script));
    let command = command.map_or(String::new(), |file| format!("-- sh {}", file.display()));
    let (imglock, image) = (env!("CARGO_BIN_EXE_imglock"), image.display());
    let line = format!("exec {imglock} hold {image} --mode rw {command}");
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    Holder::start(terminal)
}

/// The pid of imglock, which its command prints first.
fn imglock_of(terminal: &mut Holder) -> Pid {
    let pid = terminal.line().parse().expect("a pid");
    assert_eq!(terminal.line(), "ready");
    Pid::from_raw(pid)
}

#[test]
fn a_key_that_sends_a_signal_sends_it_once() {
    if !script() {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let command = format!("echo $PPID{WRITES_SIGNALS}");
    let mut terminal = in_a_terminal(&folder, &image, Some(&command));
    let imglock = imglock_of(&mut terminal);
    for (key, name) in [(CTRL_C, "INT"), (CTRL_BACKSLASH, "QUIT"), (CTRL_C, "INT")] {
        terminal.tell(key);
        // The terminal echoes the key: `^C`.
        assert!(terminal.line().ends_with(name));
    }
    assert!(!locks_on(&image).is_empty(), "it holds on while the command does not end");
    // A signal that was passed on twice would be printed before this one.
    kill(imglock, Signal::SIGTERM).expect("it runs");
    let ended = terminal.ended();
    assert_eq!((ended.code, ended.stdout.trim_end()), (9, "TERM"));
}

#[test]
fn ctrl_c_releases_the_image() {
    if !script() {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let mut terminal = in_a_terminal(&folder, &image, None);
    assert!(terminal.line().ends_with("Ctrl-C releases it"));
    assert!(!locks_on(&image).is_empty());
    terminal.tell(CTRL_C);
    assert_eq!(terminal.ended().code, 0);
    assert!(locks_on(&image).is_empty());
}

/// The kernel sends SIGHUP only to the leader of the session, here imglock.
#[test]
fn the_end_of_the_terminal_is_passed_on() {
    if !script() {
        return;
    }
    let folder = Folder::new();
    let image = folder.file("disk.img", "");
    let seen = folder.path().join("seen");
    let command = format!(
        "trap 'echo HUP >> {}; kill $!; exit' HUP\n\
         sleep 1000 >/dev/null 2>&1 &\n\
         echo $PPID; echo ready; wait",
        seen.display()
    );
    let mut terminal = in_a_terminal(&folder, &image, Some(&command));
    let imglock = ProcessHandle::open(imglock_of(&mut terminal).as_raw()).expect("it runs");
    terminal.signal(Signal::SIGKILL);
    await_exit(&imglock);
    assert_eq!(std::fs::read_to_string(seen).expect("the command wrote it"), "HUP\n");
    assert!(locks_on(&image).is_empty());
}
