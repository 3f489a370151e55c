use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::net::{RecvFlags, recv};

use super::console::Console;
use super::loss::Loss;
use super::port::{Listener, Note, Word};
use crate::qemu::exit_status;
use imglock_engine::{Executed, ProcessHandle, ReceiveError, StopToken, await_any};

/// How long a machine may take to end once its run has.
const TO_END: Duration = Duration::from_secs(20);

/// How long each part of a guest's life may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until the first sign of life, where there is another way to run it.
    pub(super) life: Option<Duration>,
    /// Until its first program is heard of.
    pub(super) boot: Duration,
    /// Between two lines of its run.
    pub(super) silence: Duration,
}

/// What is heard of a guest.
#[derive(Debug)]
pub(super) enum Heard {
    /// On its console.
    Console(Vec<u8>),
    /// That it is there.
    Hello,
    /// A line of its run.
    Line(String),
}

/// How the watch over a guest ended.
#[derive(Debug)]
pub(super) enum WatchEnd {
    /// Its run ended with this status, and then its machine did.
    Ended(i32),
    /// Its machine ended before its run had.
    MachineEnded {
        /// QEMU's exit status, if it can be known.
        status: Option<i32>,
        /// The last line that QEMU printed.
        message: String,
    },
    /// Nothing was heard of it within that time.
    NoLife(Duration),
    /// Its first program was not heard of within that time.
    NotUp(Duration),
    /// Its run said nothing for that long.
    Silent(Duration),
    /// It said that it is lost, or what it said makes no sense.
    Told(Loss),
    /// It is to be stopped.
    Stopped,
}

/// A guest that is being watched.
pub(super) struct Watch<'a> {
    port: OwnedFd,
    console: &'a ConsolePipe,
    process: ProcessHandle,
    executed: &'a Executed,
    patience: Patience,
    stop: &'a StopToken,
    /// When it was started, and when something was heard of its run.
    started: Instant,
    heard: Option<Instant>,
    /// With which status its run ended, and when.
    ended: Option<(i32, Instant)>,
    listener: Listener,
    /// What its kernel said.
    said: &'a mut Console,
}

/// A pipe with a name that takes what a guest says on its console.
#[derive(Debug)]
pub(super) struct ConsolePipe(File);

impl ConsolePipe {
    /// Makes it at `path`.
    ///
    /// # Errors
    /// When that cannot be.
    pub(super) fn make(path: &Path) -> io::Result<ConsolePipe> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // For writing too, so that it has no end before the machine has.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let pipe = rustix::fs::open(path, flags, Mode::empty())?;
        // A kernel that cannot go on says much at once. Less would do, too.
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, 1 << 20);
        Ok(ConsolePipe(pipe.into()))
    }

    /// What has come; empty when nothing has.
    fn read(&self) -> Vec<u8> {
        let mut bytes = vec![0; 1 << 16];
        let length = (&self.0).read(&mut bytes).unwrap_or(0);
        bytes.truncate(length);
        bytes
    }
}

impl<'a> Watch<'a> {
    /// Watches over what has just been started.
    ///
    /// # Errors
    /// When this process is out of descriptors.
    pub(super) fn new(
        executed: &'a Executed,
        console: &'a ConsolePipe,
        patience: Patience,
        stop: &'a StopToken,
        said: &'a mut Console,
    ) -> io::Result<Watch<'a>> {
        Ok(Watch {
            port: executed.socket.try_clone()?,
            console,
            process: ProcessHandle::open(executed.pid)?,
            executed,
            patience,
            stop,
            started: Instant::now(),
            heard: None,
            ended: None,
            listener: Listener::new(),
            said,
        })
    }

    /// Watches until it ends, is lost, or has to be stopped; `tell` is told of
    /// all that is heard, and says what is wrong with it.
    pub(super) fn watch(mut self, tell: &mut dyn FnMut(Heard) -> Result<(), Loss>) -> WatchEnd {
        loop {
            let fds = [self.process.as_fd(), self.console.0.as_fd(), self.port.as_fd()];
            let woken = await_any(&fds, self.deadline(), self.stop);
            // Whatever woke it, all is looked at: neither may drown the other.
            let is_over = self.process.has_ended();
            if let Err(loss) = self.hear(is_over, tell) {
                return WatchEnd::Told(loss);
            }
            match woken {
                Ok(_) if is_over => return self.over(),
                Ok(_) => {}
                Err(ReceiveError::Stopped) => return WatchEnd::Stopped,
                // Something may have come in the last moment.
                Err(_) if self.deadline() > Instant::now() => {}
                Err(_) => return self.late(),
            }
        }
    }

    /// When it has to have said something.
    fn deadline(&self) -> Instant {
        match (self.ended, self.heard, self.patience.life) {
            (Some((_, ended)), ..) => ended + TO_END,
            (None, Some(heard), _) => heard + self.patience.silence,
            (None, None, Some(life)) if !self.said.was_heard() => {
                self.started + life.min(self.patience.boot)
            }
            (None, None, _) => self.started + self.patience.boot,
        }
    }

    /// Takes in what has come; all of it, once nothing more will.
    fn hear(
        &mut self,
        to_the_end: bool,
        tell: &mut dyn FnMut(Heard) -> Result<(), Loss>,
    ) -> Result<(), Loss> {
        loop {
            let said = self.console.read();
            let silent = said.is_empty();
            if !silent {
                self.said.hear(&said);
                tell(Heard::Console(said))?;
            }
            let mut bytes = vec![0; 1 << 16];
            let length = match recv(&self.port, &mut bytes[..], RecvFlags::DONTWAIT) {
                Ok((length, _)) => length,
                Err(_) => 0,
            };
            for word in self.listener.hear(&bytes[..length]).map_err(Loss::Garbled)? {
                self.understand(word, tell)?;
            }
            if !to_the_end || (silent && length == 0) {
                return Ok(());
            }
        }
    }

    fn understand(
        &mut self,
        word: Word,
        tell: &mut dyn FnMut(Heard) -> Result<(), Loss>,
    ) -> Result<(), Loss> {
        self.heard = Some(Instant::now());
        match word {
            Word::Note(Note::Hello { .. }) => tell(Heard::Hello),
            Word::Note(Note::Failed(why)) => Err(Loss::Guest(why)),
            Word::Note(Note::Ended(status)) => {
                self.ended = Some((status, Instant::now()));
                Ok(())
            }
            Word::Line(line) => tell(Heard::Line(line)),
        }
    }

    /// The machine has ended.
    fn over(self) -> WatchEnd {
        if let Some((status, _)) = self.ended {
            return WatchEnd::Ended(status);
        }
        let message = self.executed.log.text();
        let message = message.lines().last().unwrap_or_default().trim().to_owned();
        WatchEnd::MachineEnded { status: exit_status(self.executed.pid).ok(), message }
    }

    /// It has not said anything for too long.
    fn late(self) -> WatchEnd {
        let Patience { life, boot, silence } = self.patience;
        match (self.ended, self.heard) {
            // All was told before; that it does not end is no matter.
            (Some((status, _)), _) => WatchEnd::Ended(status),
            (None, Some(_)) => WatchEnd::Silent(silence),
            (None, None) if self.said.was_heard() => WatchEnd::NotUp(boot),
            (None, None) => WatchEnd::NoLife(life.unwrap_or(boot).min(boot)),
        }
    }
}
