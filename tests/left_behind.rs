//! A run that is killed or interrupted leaves no process and no file.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How many times, and how much later each time.
const ROUNDS: u32 = 100;
const STEP: Duration = Duration::from_millis(4);
/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(directory: &Path) -> (Child, ChildStderr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "--dir"])
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("imglock starts");
    let stderr = child.stderr.take().expect("a pipe");
    (child, stderr)
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("the child has not been reaped");
}

/// Launcher and workers inherit standard error: its end is the end of all.
fn end_of_all(mut stderr: ChildStderr) -> Receiver<()> {
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        let _ = stderr.read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    ended
}

fn assert_empty(directory: &Path, when: &str) {
    let left: Vec<_> = std::fs::read_dir(directory)
        .expect("the directory is still there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(left.is_empty(), "{when}: left behind {left:?}");
}

#[test]
fn a_killed_run_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut killed = 0;
    for round in 0..ROUNDS {
        let when = format!("killed after {:?}", STEP * round);
        let (mut child, stderr) = start(directory.path());
        let ended = end_of_all(stderr);
        // The moment of the kill: so long after the start, or at the end.
        let early = ended.recv_timeout(STEP * round).is_ok();
        signal(&child, Signal::SIGKILL);
        let status = child.wait().expect("it is our child");
        killed += u32::from(status.code().is_none());
        assert!(early || ended.recv_timeout(PATIENCE).is_ok(), "{when}: processes still run");
        assert_empty(directory.path(), &when);
    }
    assert!(killed > ROUNDS / 4, "only {killed} of {ROUNDS} runs were killed before they ended");
}

#[test]
fn an_interrupted_run_sums_up_and_leaves_nothing() {
    for interrupt in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
            .args(["run", "-j", "1", "--dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("imglock starts");
        let stderr = child.stderr.take().expect("a pipe");
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut first = [0; 1];
        stdout.read_exact(&mut first).expect("a first result");
        signal(&child, interrupt);
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("text");
        assert_eq!(child.wait().expect("our child").code(), Some(130), "{interrupt}\n{text}");
        assert!(text.contains("interrupted"), "{text}");
        assert!(end_of_all(stderr).recv_timeout(PATIENCE).is_ok(), "processes still run");
        assert_empty(directory.path(), "interrupted");
    }
}
