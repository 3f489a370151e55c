//! A run that is killed or interrupted leaves no process and no file.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The added delay of each round.
const STEP: Duration = Duration::from_millis(3);
/// Long enough for a launcher on a busy machine to clean up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Commands that take some time: their arguments, and how often the directory follows.
type Lasting = (&'static [&'static str], usize);
const RUN: Lasting = (&["run", "-j", "2", "--dir"], 1);
/// Many times, because each probe prints its output at its end.
const PROBE: Lasting = (&["probe", "--rounds", "1"], 500);

/// Starts a command, with pipes for its output.
fn start((args, times): Lasting, directory: &Path) -> (Child, ChildStdout, ChildStderr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(args)
        .args(std::iter::repeat_n(directory, times))
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

/// Sends a message when every holder of a pipe's other end has closed it. The
/// launcher and the workers inherit standard error, so its end means that all
/// of them have exited.
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

#[rstest::rstest]
#[case::run(RUN, 100)]
#[case::probe(PROBE, 40)]
fn a_killed_command_leaves_nothing(#[case] lasting: Lasting, #[case] rounds: u32) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut at_work = 0;
    for round in 0..rounds {
        let when = format!("killed {:?} after the first result", STEP * round);
        let (mut child, mut stdout, stderr) = start(lasting, directory.path());
        stdout.read_exact(&mut [0]).expect("a first result");
        let (output, ended) = (end_of(stdout), end_of(stderr));
        // Kill after this delay, or at the end of the run.
        let over = output.recv_timeout(STEP * round).is_ok();
        at_work += u32::from(!over && !is_empty(directory.path()));
        signal(&child, Signal::SIGKILL);
        child.wait().expect("it is our child");
        assert!(ended.recv_timeout(PATIENCE).is_ok(), "{when}: processes still run");
        assert_empty(directory.path(), &when);
    }
    assert!(at_work > rounds / 2, "only {at_work} of {rounds} were killed at work");
}

#[test]
fn an_interrupted_run_sums_up_and_leaves_nothing() {
    for interrupt in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut child, mut stdout, stderr) = start(RUN, directory.path());
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

#[test]
fn an_interrupted_probe_says_so_and_leaves_nothing() {
    for interrupt in [Signal::SIGINT, Signal::SIGTERM] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut child, mut stdout, mut stderr) = start(PROBE, directory.path());
        stdout.read_exact(&mut [0]).expect("a first result");
        signal(&child, interrupt);
        let output = end_of(stdout);
        let mut errors = String::new();
        // The launcher and the workers have it open, too: its end means that
        // all have exited.
        stderr.read_to_string(&mut errors).expect("text");
        assert_eq!(child.wait().expect("our child").code(), Some(130), "{interrupt}\n{errors}");
        assert_eq!(errors, "error: interrupted\n");
        assert!(output.recv_timeout(PATIENCE).is_ok(), "standard output is still open");
        assert_empty(directory.path(), "interrupted");
    }
}
