//! Running and migrating guests, and processes that are stopped or end without
//! a request.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::JoinHandle;
use std::time::Instant;

use serde_json::Value;

use super::Lab;
use crate::drill::DrillAct;
use crate::qemu::{Command, QmpError, exit_status, outcome_of};
use imglock_core::{Claim, Outcome};
use imglock_engine::{Message, ProcessHandle, StepFailure, StopToken, await_readable};

impl Lab<'_> {
    /// Creates a file that is not an image in the directory.
    pub fn place(&self, name: &str, bytes: &[u8]) -> Result<(), StepFailure> {
        Ok(std::fs::write(self.directory.join(name), bytes)?)
    }

    /// Starts a QEMU whose guest runs, or will run after its arrival.
    pub fn start_running(
        &mut self,
        actor: &str,
        title: &str,
        arguments: &[String],
    ) -> Result<(), StepFailure> {
        self.launch(actor, title, arguments, true)
    }

    /// SIGSTOP: stops the process. Its commands wait.
    pub fn halt(&mut self, actor: &str, title: &str) -> Result<(), StepFailure> {
        ProcessHandle::open(self.pid(actor)?)?.stop()?;
        self.enter(actor, title, DrillAct::Signal("SIGSTOP".to_owned()))
    }

    /// SIGCONT: continues the process, and waits for the event for which
    /// `matches` holds.
    pub fn resume(
        &mut self,
        actor: &str,
        title: &str,
        event: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        ProcessHandle::open(self.pid(actor)?)?.resume()?;
        let came = self.machine(actor)?.qmp.await_event(event, matches, deadline);
        self.enter(actor, title, DrillAct::Signal("SIGCONT".to_owned()))?;
        Ok(came.map(|_| ())?)
    }

    /// SIGCONT: continues the process.
    pub fn wake(&mut self, actor: &str, title: &str) -> Result<(), StepFailure> {
        ProcessHandle::open(self.pid(actor)?)?.resume()?;
        self.enter(actor, title, DrillAct::Signal("SIGCONT".to_owned()))
    }

    /// Sends a command, which must succeed, and waits for an event for which
    /// `matches` holds. The locks are read after the event and not in between,
    /// where they change.
    pub fn tell_until(
        &mut self,
        actor: &str,
        title: &str,
        command: &Command,
        event: &str,
        matches: impl Fn(&Value) -> bool,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let qmp = &mut self.machine(actor)?.qmp;
        let came =
            qmp.execute(command, deadline).and_then(|_| qmp.await_event(event, matches, deadline));
        self.enter(actor, title, DrillAct::Tell)?;
        Ok(came.map(|_| ())?)
    }

    /// Queries a QEMU's run state until it is this one, such as `running`
    /// (qapi/run-state.json, `RunState`). Only the last answer is recorded.
    pub fn await_status(
        &mut self,
        actor: &str,
        title: &str,
        status: &str,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        let query = Command::bare("query-status");
        let mut events: Vec<Message> = Vec::new();
        let qmp = &mut self.machine(actor)?.qmp;
        let came = loop {
            match qmp.execute(&query, deadline) {
                Ok(answer) if answer["status"] == status => break Ok(()),
                Ok(_) if Instant::now() < deadline => {}
                Ok(_) => break Err(StepFailure::TimedOut),
                Err(error) => break Err(error.into()),
            }
            let said = qmp.take_messages();
            events.extend(said.into_iter().filter(|one| matches!(one, Message::Event(_))));
            std::thread::yield_now();
        };
        self.enter(actor, title, DrillAct::Await)?;
        if let Some(entry) = self.account.entries.last_mut() {
            entry.messages.splice(..0, events);
        }
        came
    }

    /// Reads the lock table until an actor holds exactly this claim on an
    /// image.
    pub fn await_claim(
        &mut self,
        actor: &str,
        title: &str,
        image: &str,
        claim: Claim,
    ) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        while self.claim_of(actor, image)? != claim {
            if Instant::now() > deadline {
                return Err(StepFailure::TimedOut);
            }
            std::thread::yield_now();
        }
        self.enter(actor, title, DrillAct::Await)
    }

    /// Waits until a QEMU has ended without a request. Returns its exit status;
    /// 128 plus the signal number if a signal ended it.
    pub fn await_end(&mut self, actor: &str, title: &str) -> Result<i32, StepFailure> {
        let deadline = self.deadline();
        let pid = self.pid(actor)?;
        // Its last messages first: it may wait until they are read.
        match self.machine(actor)?.qmp.drain(deadline) {
            Err(error @ QmpError::Lost(_)) => return Err(error.into()),
            Ok(()) | Err(QmpError::Refused(_)) => {}
        }
        ProcessHandle::open(pid)?.await_exit(deadline, &self.stop)?;
        let status = exit_status(pid)?;
        self.enter(actor, title, DrillAct::End(status))?;
        self.machines.remove(actor);
        Ok(status)
    }

    /// Checks that an actor holds exactly this claim on an image now. No second
    /// opener tries it.
    pub fn must_hold(&self, actor: &str, image: &str, claim: Claim) -> Result<(), StepFailure> {
        let holds = self.claim_of(actor, image)?;
        match holds == claim {
            true => Ok(()),
            false => Err(StepFailure::harness(format!(
                "{actor} {holds} on {image}, where it {claim} was expected"
            ))),
        }
    }

    /// Checks that QEMU refused a command because of a lock.
    pub fn must_be_refused(&self, words: &str) -> Result<(), StepFailure> {
        match outcome_of(words) {
            Some(Outcome::Refused(_)) => Ok(()),
            _ => Err(StepFailure::harness(format!("it was refused, but not by a lock: {words}"))),
        }
    }

    /// Checks that QEMU reports a lock that it did not get, in the last
    /// recorded event. The message may come a moment after the answer.
    pub fn must_complain(&mut self, actor: &str) -> Result<(), StepFailure> {
        let deadline = self.deadline();
        loop {
            let more = self.machine(actor)?.printed();
            let last = self.account.entries.iter_mut().rfind(|entry| entry.actor == actor);
            let Some(entry) = last else { break };
            entry.printed.extend(more);
            if entry.printed.iter().any(|line| outcome_of(line).is_some()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                break;
            }
            std::thread::yield_now();
        }
        Err(StepFailure::harness(format!("{actor} does not complain of a lock")))
    }

    /// A peer that reads the data of a migration from the socket `name`, and
    /// never answers.
    pub fn silent_peer(&self, name: &str) -> Result<SilentPeer, StepFailure> {
        // The path may be longer than a socket address.
        let directory = std::fs::File::open(&self.directory)?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&directory);
        let listener = UnixListener::bind(format!("/proc/self/fd/{number}/{name}"))?;
        Ok(SilentPeer { listener, stop: self.stop.clone(), talk: None })
    }
}

/// The end of a migration that is not a QEMU: it only reads.
#[derive(Debug)]
pub struct SilentPeer {
    listener: UnixListener,
    stop: StopToken,
    talk: Option<(UnixStream, JoinHandle<()>)>,
}

impl SilentPeer {
    /// Waits for the sender, and reads from then on.
    ///
    /// # Errors
    /// If no sender connects before the deadline.
    pub fn accept(&mut self, deadline: Instant) -> Result<(), StepFailure> {
        await_readable(self.listener.as_fd(), deadline, &self.stop)?;
        let (stream, _) = self.listener.accept()?;
        let mut reader = stream.try_clone()?;
        let thread = std::thread::spawn(move || {
            // The thread ends with the connection.
            let _ = io::copy(&mut reader, &mut io::sink());
        });
        self.talk = Some((stream, thread));
        Ok(())
    }

    /// Ends the connection.
    pub fn close(mut self) {
        self.hang_up();
    }

    fn hang_up(&mut self) {
        if let Some((stream, thread)) = self.talk.take() {
            let _ = stream.shutdown(Shutdown::Both);
            let _ = thread.join();
        }
    }
}

impl Drop for SilentPeer {
    fn drop(&mut self) {
        self.hang_up();
    }
}
