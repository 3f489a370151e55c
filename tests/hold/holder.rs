//! An `imglock hold` that lives while a test looks at it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use imglock_engine::{ProcessHandle, ReceiveError, StopToken, StopTrigger};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// The program, with no signal ignored. A test that runs in the background of a
/// script starts with some signals ignored.
pub fn imglock() -> Command {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let program = env!("CARGO_BIN_EXE_imglock");
    let mut command = match ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()) {
        // SIGHUP, SIGINT, SIGQUIT, SIGTERM.
        Some(set) if set & 0x4007 != 0 => {
            let mut command = Command::new("env");
            command.arg("--default-signal").arg(program);
            command
        }
        _ => Command::new(program),
    };
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// `imglock hold IMAGE --mode MODE ARGS...`, ready to be started.
pub fn hold(image: &Path, mode: &str, args: &[&str]) -> Command {
    let mut command = imglock();
    command.arg("hold").arg(image).args(["--mode", mode]).args(args);
    command
}

/// The exit code and the output of a process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or the negative number of the signal that killed it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs it to its end.
pub fn run(command: Command) -> Ended {
    Holder::start(command).ended()
}

/// How long any of it may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process. It is killed when this is dropped. If it takes too long,
/// it is killed together with all processes that it has started.
pub struct Holder {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// Stops the watchdog.
    watched: Option<StopTrigger>,
}

impl Holder {
    /// Starts it with pipes to all three of its streams.
    pub fn start(mut command: Command) -> Holder {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0);
        let mut child = command.spawn().expect("it starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let watched = Some(watch(Pid::from_raw(child.id().cast_signed())));
        Holder { child, stdin, stdout, stderr, watched }
    }

    /// Holds `image` without a command, until it receives a signal.
    pub fn of(image: &Path, mode: &str) -> Holder {
        let mut holder = Holder::start(hold(image, mode, &[]));
        let line = holder.error_line();
        assert!(line.starts_with(&format!("holding {mode} on ")), "{line}");
        holder
    }

    /// Runs a shell script while `image` is held. The script has printed `ready`.
    pub fn with_script(image: &Path, args: &[&str], script: &str) -> Holder {
        let args: Vec<&str> = [args, &["--", "sh", "-c", script]].concat();
        let mut holder = Holder::start(hold(image, "rw", &args));
        assert_eq!(holder.line(), "ready");
        holder
    }

    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// The process, to wait for its end while it is not reaped.
    pub fn process(&self) -> ProcessHandle {
        ProcessHandle::open(self.pid()).expect("it has not been waited for")
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it has not been waited for");
    }

    /// The next line of its standard output.
    pub fn line(&mut self) -> String {
        next_line(&mut self.stdout)
    }

    /// The next line of its standard error.
    pub fn error_line(&mut self) -> String {
        next_line(&mut self.stderr)
    }

    /// So many bytes of its standard output.
    pub fn output(&mut self, bytes: usize) -> String {
        let mut text = vec![0; bytes];
        self.stdout.read_exact(&mut text).expect("it writes more");
        String::from_utf8(text).expect("text")
    }

    /// Writes to its standard input.
    pub fn tell(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("not closed yet");
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).expect("it reads");
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ended {
        self.stdin = None;
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        self.stderr.read_to_string(&mut stderr).expect("text");
        self.watched = None;
        let status = self.child.wait().expect("our child");
        let code = status.code().or(status.signal().map(|signal| -signal));
        Ended { code: code.expect("it has ended"), stdout, stderr }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.watched = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills the process group when its time is over. The kernel does not reuse the
/// group's number before the leader has been waited for.
fn watch(group: Pid) -> StopTrigger {
    let (trigger, called_off) = StopToken::pair().expect("a pipe");
    std::thread::spawn(move || {
        let deadline = Instant::now() + PATIENCE;
        if let Err(ReceiveError::Timeout) = called_off.wait(deadline) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    });
    trigger
}

/// Waits for the end of a process that is not a child, or one that is not to be
/// reaped yet.
pub fn await_exit(process: &ProcessHandle) {
    let (_trigger, never) = StopToken::pair().expect("a pipe");
    process.await_exit(Instant::now() + PATIENCE, &never).expect("it ends");
}

fn next_line(pipe: &mut impl BufRead) -> String {
    let mut line = String::new();
    pipe.read_line(&mut line).expect("text");
    line.trim_end().to_owned()
}
