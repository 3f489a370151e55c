//! A run that is killed or interrupted leaves no process and no file.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How many times, and how much later each time.
const ROUNDS: u32 = 100;
const STEP: Duration = Duration::from_millis(3);
/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run of some length, with its output to be read.
fn start(directory: &Path) -> (Child, ChildStdout, ChildStderr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["run", "-j", "2", "--dir"])
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("imglock starts");
    let stdout = child.stdout.take().expect("a pipe");
    let stderr = child.stderr.take().expect("a pipe");
    (child, stdout, stderr)
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("the child has not been reaped");
}

/// Tells when a pipe is closed by everybody who has its other end. Launcher and
/// workers inherit standard error, so its end is the end of all.
fn end_of(mut pipe: impl Read + Send + 'static) -> Receiver<()> {
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        let _ = pipe.read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    ended
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).expect("the directory").next().is_none()
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
    let mut at_work = 0;
    for round in 0..ROUNDS {
        let when = format!("killed {:?} after the first result", STEP * round);
        let (mut child, mut stdout, stderr) = start(directory.path());
        stdout.read_exact(&mut [0]).expect("a first result");
        let (output, ended) = (end_of(stdout), end_of(stderr));
        // The moment of the kill: so long after that, or at the end of the run.
        let over = output.recv_timeout(STEP * round).is_ok();
        at_work += u32::from(!over && !is_empty(directory.path()));
        signal(&child, Signal::SIGKILL);
        child.wait().expect("it is our child");
        assert!(ended.recv_timeout(PATIENCE).is_ok(), "{when}: processes still run");
        assert_empty(directory.path(), &when);
    }
    assert!(at_work > ROUNDS / 2, "only {at_work} of {ROUNDS} runs were killed at work");
}

#[test]
fn an_interrupted_run_sums_up_and_leaves_nothing() {
    for interrupt in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut child, mut stdout, stderr) = start(directory.path());
        let ended = end_of(stderr);
        stdout.read_exact(&mut [0]).expect("a first result");
        signal(&child, interrupt);
        let mut text = String::new();
        stdout.read_to_string(&mut text).expect("text");
        assert_eq!(child.wait().expect("our child").code(), Some(130), "{interrupt}\n{text}");
        assert!(text.contains("interrupted"), "{text}");
        assert!(ended.recv_timeout(PATIENCE).is_ok(), "processes still run");
        assert_empty(directory.path(), "interrupted");
    }
}
