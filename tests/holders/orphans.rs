//! Processes whose parents have ended.

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};

use imglock_core::Mode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::outside::{is_met, not_installed};
use crate::place::{Place, image, locked};
use crate::{pids, seen, this_pid, told};

/// A process that has a copy of a description, and whose parent has ended.
struct Orphan {
    pid: i64,
    /// The process ends when this is closed.
    _stdin: ChildStdin,
}

impl Orphan {
    fn leave(with: OwnedFd) -> Orphan {
        let mut shell = Command::new("sh")
            // A shell gives a background process no standard input without an
            // explicit redirection.
            .args(["-c", "exec 3<&0; cat <&3 & echo $! >&2"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(with)
            .stderr(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let stdin = shell.stdin.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(shell.stderr.take().expect("a pipe")).read_line(&mut line).expect("a pid");
        assert!(shell.wait().expect("our child").success());
        Orphan { pid: line.trim().parse().expect("a pid"), _stdin: stdin }
    }
}

#[test]
fn a_forgotten_child_is_named_and_called_an_orphan() {
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let file = locked(&path, Mode::Rw);
    let orphan = Orphan::leave(file.try_clone().expect("a copy").into());

    let shared = seen(&path);
    assert_eq!(shared["holders"].as_array().map(Vec::len), Some(1), "{shared}");
    let mut both = [this_pid(), orphan.pid];
    both.sort_unstable();
    assert_eq!(pids(&shared["holders"][0]), both);
    assert_eq!(shared["holders"][0]["guessed"], false);
    drop(file);

    let left = seen(&path);
    let process = &left["holders"][0]["processes"][0];
    assert_eq!(pids(&left["holders"][0]), [orphan.pid]);
    assert_eq!((&process["comm"], &process["orphan"]), (&json!("cat"), &json!(true)), "{left}");
    let text = told(&path);
    assert!(text.contains("parent exited: a daemon, or a forgotten child"), "{text}");
    assert!(text.contains(&format!("`kill {}` releases the image", orphan.pid)), "{text}");
}

/// The daemon forks twice, so its parent has exited, but it is not a forgotten child.
#[test]
fn a_daemon_of_qemus_is_not_said_to_be_of_no_use() {
    if !is_met("qemu-tools", not_installed("qemu-storage-daemon")) {
        return;
    }
    let folder = Place::new();
    let path = image(&folder, "disk.img");
    let pid_file = folder.path().join("pid");
    let started = Command::new("qemu-storage-daemon")
        .args(["--daemonize", "--pidfile", "pid"])
        .args(["--blockdev", "driver=file,filename=disk.img,node-name=disk"])
        .args(["--nbd-server", "addr.type=unix,addr.path=socket"])
        .args(["--export", "type=nbd,id=export,node-name=disk,writable=on"])
        .current_dir(folder.path())
        .status();
    assert!(started.expect("it runs").success());
    // The command returns when the daemon serves and has written this file.
    let pid: i32 = std::fs::read_to_string(pid_file).expect("a pid").trim().parse().expect("a pid");
    let seen = seen(&path);
    let text = told(&path);
    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("it runs");
    assert_eq!(pids(&seen["holders"][0]), [i64::from(pid)], "{seen}");
    assert_eq!(seen["holders"][0]["modes"], json!(["nbd-rw"]));
    assert!(text.contains("still runs although its parent has exited, like a daemon"), "{text}");
    assert!(text.contains("If it is no longer needed"), "{text}");
}
