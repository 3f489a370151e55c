//! The messages of a guest, and their receiver.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};

use super::wire::{Answer, GuestRefusal, Stream, Told, VERSION};
use crate::guest::{Console, ConsolePipe};
use crate::qemu::exit_status;
use imglock_engine::{Executed, Log, ProcessHandle, ReceiveError, StopToken, await_any};

/// The longest message of a guest: the two outputs of a program, of which a
/// control character takes six bytes in JSON.
const LONGEST: usize = 16 << 20;

/// A time limit for a wait that a stop or a message ends.
const FOREVER: Duration = Duration::from_secs(3600);

/// Everything that a guest has told.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The kernel's release, once the guest executes requests.
    pub(super) release: Option<String>,
    /// The results of requests that the test has not fetched.
    pub(super) answers: BTreeMap<u64, Result<Answer, GuestRefusal>>,
    /// The background programs by number.
    pub(super) programs: BTreeMap<u64, HeardProgram>,
    /// The kernel's messages.
    pub(super) console: Console,
    /// The reason why no further message comes.
    pub(super) over: Option<String>,
}

/// Everything that a background program has told.
#[derive(Debug, Default)]
pub(super) struct HeardProgram {
    /// Its lines of both outputs in the order of their arrival.
    pub(super) lines: Vec<String>,
    /// The number of outputs that are closed.
    pub(super) closed: usize,
    /// Its exit status.
    pub(super) status: Option<i32>,
}

impl HeardProgram {
    /// Whether it is complete.
    pub(super) fn is_over(&self) -> bool {
        self.status.is_some() && self.closed == 2
    }
}

/// The receiver of a guest's messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Hearing(Arc<(Mutex<Heard>, Condvar)>);

impl Hearing {
    /// Everything so far.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `found` returns something, the guest is over, or the time
    /// limit passes: then `None`.
    pub(super) fn until<T>(
        &self,
        deadline: Instant,
        mut found: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Option<T> {
        let mut heard = self.heard();
        loop {
            if let Some(found) = found(&mut heard) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if heard.over.is_some() || left.is_zero() {
                return None;
            }
            let waited = self.0.1.wait_timeout(heard, left);
            heard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.heard());
        self.0.1.notify_all();
    }

    /// Starts to listen to a guest, in a thread of its own that ends with the
    /// guest.
    ///
    /// # Errors
    /// If this process has no free descriptors or threads.
    pub(super) fn listen(
        &self,
        executed: Executed,
        console: ConsolePipe,
        stop: StopToken,
    ) -> io::Result<()> {
        let Executed { pid, socket, log, .. } = executed;
        let process = ProcessHandle::open(pid)?;
        let ear = Ear { hearing: self.clone(), pid, socket, log, process, console, stop };
        std::thread::Builder::new()
            .name("imglock-ear".to_owned())
            .spawn(move || {
                let why = ear.listen();
                ear.hearing.change(|heard| heard.over = Some(why));
            })
            .map(drop)
    }
}

/// The thread's part.
struct Ear {
    hearing: Hearing,
    pid: i32,
    socket: OwnedFd,
    log: Log,
    process: ProcessHandle,
    console: ConsolePipe,
    stop: StopToken,
}

impl Ear {
    /// Receives messages until the guest is over, and returns the reason.
    fn listen(&self) -> String {
        let mut begun = Vec::new();
        loop {
            let fds = [self.process.as_fd(), self.console.as_fd(), self.socket.as_fd()];
            let woken = await_any(&fds, Instant::now() + FOREVER, &self.stop);
            if matches!(woken, Err(ReceiveError::Stopped)) {
                return "the test was stopped".to_owned();
            }
            // All that it has told is read before its end counts.
            let is_over = self.process.has_ended();
            loop {
                let said = self.console.read();
                self.hearing.change(|heard| heard.console.hear(&said));
                let mut bytes = vec![0; 1 << 16];
                let received = recv(&self.socket, &mut bytes[..], RecvFlags::DONTWAIT);
                let length = received.map_or(0, |(length, _)| length);
                begun.extend(&bytes[..length]);
                if let Err(why) = self.understand(&mut begun) {
                    return why;
                }
                if !is_over || (said.is_empty() && length == 0) {
                    break;
                }
            }
            if is_over {
                return self.end();
            }
        }
    }

    /// Takes the complete lines.
    fn understand(&self, begun: &mut Vec<u8>) -> Result<(), String> {
        while let Some(end) = begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = begun.drain(..=end).collect();
            let told = serde_json::from_slice(&line).map_err(|error| {
                let line = String::from_utf8_lossy(&line);
                format!("a line from its port is no message: {error}: {}", line.trim_end())
            })?;
            match told {
                Told::Hello { version, .. } if version != VERSION => {
                    return Err(format!(
                        "its messages have version {version}, and this program knows {VERSION}"
                    ));
                }
                Told::Failed(why) => return Err(why),
                told => self.hearing.change(|heard| heard.take(told)),
            }
        }
        if begun.len() > LONGEST {
            return Err("a line from its port does not end".to_owned());
        }
        Ok(())
    }

    /// The reason why the machine ended.
    fn end(&self) -> String {
        let heard = self.hearing.heard();
        if let Some(why) = heard.console.fault().or(heard.console.panic()) {
            return format!("the kernel died: {why}");
        }
        drop(heard);
        let message = self.log.text();
        let message = message.lines().last().unwrap_or_default().trim().to_owned();
        match exit_status(self.pid) {
            Ok(0) if message.is_empty() => "it was switched off".to_owned(),
            Ok(status) => format!("QEMU ended with status {status}: {message}"),
            Err(_) => format!("QEMU ended: {message}"),
        }
    }
}

impl Heard {
    fn take(&mut self, told: Told) {
        match told {
            Told::Hello { release, .. } => self.release = Some(release),
            Told::Answer { id, answer } => {
                self.answers.insert(id, answer);
            }
            Told::Line { process, line, .. } => {
                self.programs.entry(process).or_default().lines.push(line);
            }
            Told::Closed { process, stream: Stream::Stdout | Stream::Stderr } => {
                self.programs.entry(process).or_default().closed += 1;
            }
            Told::Ended { process, status } => {
                self.programs.entry(process).or_default().status = Some(status);
            }
            Told::Failed(_) => {}
        }
    }
}
