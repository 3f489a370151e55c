use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::address::address_of;
use super::error::LanError;
use super::program::GuestProgram;
use super::talk::Talk;
use super::wire::{Answer, FoundLock, GuestLock, GuestMount, LockAnswer, Program, Ran, Request};
use crate::guest::Memory;
use imglock_engine::{ProcessHandle, describe};

/// A guest in a network. It ends with its [`Lan`](super::Lan).
///
/// Every request has a time limit, and every error has the last lines of the
/// guest's console. Requests of several threads are executed at the same time.
#[derive(Debug)]
pub struct LanGuest {
    number: u8,
    talk: Talk,
    process: ProcessHandle,
    /// The files from which QEMU boots, until the guest is up.
    files: Mutex<Vec<Memory>>,
}

impl LanGuest {
    /// The program with which the guest's payload was packed
    /// ([`GuestPayload::pack_for`](crate::GuestPayload::pack_for)), by its path
    /// in every guest.
    pub const PROGRAM: &str = crate::guest::INIT;

    pub(super) fn new(
        number: u8,
        talk: Talk,
        process: ProcessHandle,
        files: [Memory; 2],
    ) -> LanGuest {
        LanGuest { number, talk, process, files: Mutex::new(files.into()) }
    }

    /// Its name in the network.
    pub fn name(&self) -> &str {
        self.talk.name()
    }

    /// Its address in the network.
    pub fn address(&self) -> Ipv4Addr {
        address_of(self.number)
    }

    /// Waits until it executes requests, and returns its kernel's release.
    ///
    /// # Errors
    /// If it does not come up, or not in time.
    pub fn await_up(&self) -> Result<String, LanError> {
        let release =
            self.talk.until("to come up", self.talk.patience(), |heard| heard.release.clone())?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(release)
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// If the program cannot be started, or the guest is lost. The exit status
    /// of the program is not an error.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<Ran, LanError> {
        self.run_within(self.talk.patience(), program, arguments)
    }

    /// Like [`LanGuest::run`], with another time limit.
    ///
    /// # Errors
    /// As [`LanGuest::run`].
    pub fn run_within(
        &self,
        limit: Duration,
        program: &str,
        arguments: &[&str],
    ) -> Result<Ran, LanError> {
        let at = format!("to run {program} {}", arguments.join(" "));
        match self.talk.ask_within(limit, &at, Request::Run(called(program, arguments)))? {
            (_, Answer::Ran(ran)) => Ok(ran),
            (_, other) => Err(self.talk.unexpected(&at, &other)),
        }
    }

    /// Runs a program that has to succeed.
    pub(super) fn succeed(&self, program: &str, arguments: &[&str]) -> Result<(), LanError> {
        let ran = self.run(program, arguments)?;
        if ran.status == 0 {
            return Ok(());
        }
        let why = format!("status {}: {}{}", ran.status, ran.stdout, ran.stderr);
        Err(self.talk.lost(&format!("to run {program}"), why.trim()))
    }

    /// Starts a program in the background.
    ///
    /// # Errors
    /// If the program cannot be started, or the guest is lost.
    pub fn start(&self, program: &str, arguments: &[&str]) -> Result<GuestProgram<'_>, LanError> {
        let at = format!("to start {program} {}", arguments.join(" "));
        let request = Request::Start(called(program, arguments));
        let (id, _) = self.talk.ask_within(self.talk.patience(), &at, request)?;
        Ok(GuestProgram::new(&self.talk, id, at))
    }

    /// mount(2); the mount point is made if it is missing.
    ///
    /// # Errors
    /// If the guest's kernel refuses it ([`LanError::errno`]).
    pub fn mount(&self, what: &GuestMount) -> Result<(), LanError> {
        let GuestMount { source, point, kind, options } = what;
        let at = format!("to mount {source} at {} as {kind} ({options})", point.display());
        self.talk.ask(&at, Request::Mount(what.clone())).map(drop)
    }

    /// umount(2).
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn unmount(&self, point: impl AsRef<Path>) -> Result<(), LanError> {
        let point = point.as_ref();
        let at = format!("to unmount {}", point.display());
        self.talk.ask(&at, Request::Unmount(point.to_owned())).map(drop)
    }

    /// Writes a text into a file by one write(2). The file and the directories
    /// above it are made if they are missing.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn write(&self, path: impl AsRef<Path>, text: &str) -> Result<(), LanError> {
        let path = path.as_ref();
        let at = format!("to write {}", path.display());
        let request = Request::Write { path: path.to_owned(), text: text.to_owned() };
        self.talk.ask(&at, request).map(drop)
    }

    /// Makes a file of `length` zero bytes that occupies no space.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn allocate(&self, path: impl AsRef<Path>, length: u64) -> Result<(), LanError> {
        let path = path.as_ref();
        let at = format!("to make {}", path.display());
        self.talk.ask(&at, Request::Allocate { path: path.to_owned(), length }).map(drop)
    }

    /// The first 64 KiB of a file; invalid UTF-8 is replaced.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String, LanError> {
        let path = path.as_ref();
        let at = format!("to read {}", path.display());
        match self.talk.ask(&at, Request::Read(path.to_owned()))? {
            Answer::Text(text) => Ok(text),
            other => Err(self.talk.unexpected(&at, &other)),
        }
    }

    /// Makes a directory and those above it.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn make_folder(&self, path: impl AsRef<Path>) -> Result<(), LanError> {
        let path = path.as_ref();
        let at = format!("to make {}", path.display());
        self.talk.ask(&at, Request::MakeFolder(path.to_owned())).map(drop)
    }

    /// The names in a directory, in order.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<String>, LanError> {
        let path = path.as_ref();
        let at = format!("to list {}", path.display());
        match self.talk.ask(&at, Request::List(path.to_owned()))? {
            Answer::Names(names) => Ok(names),
            other => Err(self.talk.unexpected(&at, &other)),
        }
    }

    /// Asks the guest's kernel for a conflicting lock (`F_GETLK`,
    /// `F_OFD_GETLK`). The file is opened for the question, and no lock is
    /// acquired.
    ///
    /// # Errors
    /// If the guest's kernel refuses it.
    pub fn test_lock(&self, question: &GuestLock) -> Result<Option<FoundLock>, LanError> {
        let at = format!("to test for a lock on {}", question.file.display());
        match self.talk.ask(&at, Request::TestLock(question.clone()))? {
            Answer::Lock(found) => Ok(found),
            other => Err(self.talk.unexpected(&at, &other)),
        }
    }

    /// Starts a process that acquires a lock, without waiting, and holds it
    /// until its end.
    ///
    /// # Errors
    /// If the guest's kernel refuses it ([`LanError::errno`]).
    pub fn hold_lock(&self, lock: &GuestLock) -> Result<GuestProgram<'_>, LanError> {
        let at = format!("to lock {}", lock.file.display());
        let (id, _) =
            self.talk.ask_within(self.talk.patience(), &at, Request::HoldLock(lock.clone()))?;
        let holder = GuestProgram::new(&self.talk, id, at.clone());
        let told = holder.await_line("")?;
        match serde_json::from_str(&told) {
            Ok(LockAnswer::Acquired) => Ok(holder),
            Ok(LockAnswer::Refused(refusal)) => {
                // It has nothing to hold.
                holder.end()?;
                Err(self.talk.refused(&at, refusal))
            }
            Err(_) => Err(self.talk.lost(&at, &format!("its process told: {told}"))),
        }
    }

    /// Switches it off as a power failure does.
    ///
    /// # Errors
    /// If it has been switched off before, or does not end in time.
    pub fn power_off(&self) -> Result<(), LanError> {
        let here = |error: io::Error| self.talk.lost("to be switched off", &describe(&error));
        self.process.kill().map_err(here)?;
        let at = "to be switched off";
        if self.talk.await_end() { Ok(()) } else { Err(self.talk.late(at, self.talk.patience())) }
    }

    /// The last lines of its console.
    pub fn console(&self) -> Vec<String> {
        self.talk.console()
    }

    /// The requests to it.
    pub(super) fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Starts the kernel's SMB server ([`Request::ServeSmb`]).
    pub(super) fn serve_smb(&self, share: &str, folder: &str) -> Result<(), LanError> {
        let (share, folder) = (share.to_owned(), folder.to_owned());
        self.talk.ask("to start ksmbd", Request::ServeSmb { share, folder }).map(drop)
    }

    /// Serves the MOUNT protocol ([`Request::ServeMounts`]).
    pub(super) fn serve_mounts(&self, port: u16, handle: Vec<u8>) -> Result<(), LanError> {
        self.talk.ask("to serve mounts", Request::ServeMounts { port, handle }).map(drop)
    }
}

fn called(program: &str, arguments: &[&str]) -> Program {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    Program { program: program.to_owned(), arguments }
}
