use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::LanError;
use super::hearing::{Heard, Hearing};
use super::wire::{Answer, Asked, GuestRefusal, Request};
use imglock_engine::describe;

/// The requests to a guest, and their answers.
#[derive(Debug)]
pub(super) struct Talk {
    name: String,
    patience: Duration,
    hearing: Hearing,
    port: Mutex<UnixStream>,
    next: AtomicU64,
}

impl Talk {
    /// Requests to the guest `name` over `port`; `patience` is the usual time
    /// limit.
    pub(super) fn new(name: &str, patience: Duration, hearing: Hearing, port: OwnedFd) -> Talk {
        let (name, port) = (name.to_owned(), Mutex::new(port.into()));
        Talk { name, patience, hearing, port, next: AtomicU64::new(1) }
    }

    /// The guest's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The last lines of the guest's console.
    pub(super) fn console(&self) -> Vec<String> {
        self.hearing.heard().console.last_lines()
    }

    /// Waits until the guest is over, and returns whether it is.
    pub(super) fn await_end(&self) -> bool {
        self.hearing.until(Instant::now() + self.patience, |_| None::<()>);
        self.hearing.heard().over.is_some()
    }

    /// Sends a request and waits for its answer; `at` is the request in words.
    pub(super) fn ask(&self, at: &str, request: Request) -> Result<Answer, LanError> {
        self.ask_within(self.patience, at, request).map(|(_, answer)| answer)
    }

    /// Like [`Talk::ask`], with another time limit. The number is the
    /// request's.
    pub(super) fn ask_within(
        &self,
        limit: Duration,
        at: &str,
        request: Request,
    ) -> Result<(u64, Answer), LanError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let sent = serde_json::to_vec(&Asked { id, request }).map_err(io::Error::from);
        let sent = sent.and_then(|mut line| {
            line.push(b'\n');
            self.port.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        sent.map_err(|error| self.lost(at, &describe(&error)))?;
        match self.until(at, limit, |heard| heard.answers.remove(&id))? {
            Ok(answer) => Ok((id, answer)),
            Err(refusal) => Err(self.refused(at, refusal)),
        }
    }

    /// Waits until `found` returns something.
    pub(super) fn until<T>(
        &self,
        at: &str,
        limit: Duration,
        found: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Result<T, LanError> {
        let found = self.hearing.until(Instant::now() + limit, found);
        found.ok_or_else(|| {
            let over = self.hearing.heard().over.clone();
            over.map_or_else(|| self.late(at, limit), |why| self.lost(at, &why))
        })
    }

    /// The time limit of a request.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// An error: the guest refused a request.
    pub(super) fn refused(&self, at: &str, refusal: GuestRefusal) -> LanError {
        let (guest, at) = (self.name.clone(), at.to_owned());
        LanError::Refused { guest, at, refusal, console: self.console() }
    }

    /// An error: the guest has ended, or cannot be understood.
    pub(super) fn lost(&self, at: &str, why: &str) -> LanError {
        let (guest, at, why) = (self.name.clone(), at.to_owned(), why.to_owned());
        LanError::Lost { guest, at, why, console: self.console() }
    }

    /// An error: the guest did not answer in time.
    pub(super) fn late(&self, at: &str, waited: Duration) -> LanError {
        let (guest, at) = (self.name.clone(), at.to_owned());
        LanError::Late { guest, at, waited, console: self.console() }
    }

    /// An error: the answer is of another kind than the request.
    pub(super) fn unexpected(&self, at: &str, answer: &Answer) -> LanError {
        self.lost(at, &format!("its answer is of another kind: {answer:?}"))
    }
}
