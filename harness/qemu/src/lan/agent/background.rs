use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::voice::Voice;
use crate::lan::wire::{GuestRefusal, Stream, Told};

/// The maximum length of a line. The rest of a longer line counts as another
/// line.
const LONGEST_LINE: u64 = 64 << 10;

/// A program that runs while other requests are executed.
#[derive(Debug)]
pub(super) struct Background {
    pid: Pid,
    input: Option<ChildStdin>,
}

/// A program, unless the test made its number up.
pub(super) fn known(program: Option<&mut Background>) -> Result<&mut Background, GuestRefusal> {
    program.ok_or_else(|| GuestRefusal { errno: None, why: "there is no such program".to_owned() })
}

impl Background {
    /// Starts the program with this number. `voice` sends its lines and its end
    /// to the host.
    pub(super) fn start(
        number: u64,
        mut command: Command,
        voice: &Arc<Voice>,
    ) -> Result<Background, GuestRefusal> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let pid = Pid::from_raw(child.id().cast_signed());
        if let Some(output) = child.stdout.take() {
            pass_on(number, Stream::Stdout, output, voice);
        }
        if let Some(output) = child.stderr.take() {
            pass_on(number, Stream::Stderr, output, voice);
        }
        let input = child.stdin.take();
        let voice = Arc::clone(voice);
        std::thread::spawn(move || {
            let status = child.wait().map_or(-1, as_of_a_shell);
            let _ = voice.tell(&Told::Ended { process: number, status });
        });
        Ok(Background { pid, input })
    }

    /// Writes a line to its standard input.
    pub(super) fn say(&mut self, line: &str) -> Result<(), GuestRefusal> {
        match &mut self.input {
            Some(input) => Ok(input.write_all(format!("{line}\n").as_bytes())?),
            None => Err(GuestRefusal { errno: None, why: "its input is closed".to_owned() }),
        }
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: i32) -> Result<(), GuestRefusal> {
        let signal = Signal::try_from(signal).map_err(std::io::Error::from)?;
        Ok(kill(self.pid, signal).map_err(std::io::Error::from)?)
    }
}

/// The exit status as a shell reports it.
pub(super) fn as_of_a_shell(status: ExitStatus) -> i32 {
    let killed = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(killed).unwrap_or(-1)
}

/// Tells the lines of an output, in a thread of its own.
fn pass_on(process: u64, stream: Stream, output: impl Read + Send + 'static, voice: &Arc<Voice>) {
    let voice = Arc::clone(voice);
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while (&mut output).take(LONGEST_LINE).read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let line_of_it = String::from_utf8_lossy(text).into_owned();
            if voice.tell(&Told::Line { process, stream, line: line_of_it }).is_err() {
                return;
            }
            line.clear();
        }
        let _ = voice.tell(&Told::Closed { process, stream });
    });
}
