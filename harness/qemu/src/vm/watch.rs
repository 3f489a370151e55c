use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, recv};

use super::loss::Loss;
use super::port::{Listener, Note, Word};
use crate::guest::{Console, ConsolePipe};
use crate::qemu::exit_status;
use imglock_engine::{Executed, ProcessHandle, ReceiveError, StopToken, await_any};

/// Time limit for a machine to end after its run.
const TO_END: Duration = Duration::from_secs(20);

/// The time limits of a guest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Time limit for the first output, if another accelerator is available.
    pub(super) life: Option<Duration>,
    /// Time limit until init reports.
    pub(super) boot: Duration,
    /// Time limit between two lines of its run.
    pub(super) silence: Duration,
}

/// An observation of a guest.
#[derive(Debug)]
pub(super) enum Heard {
    /// Output on its console.
    Console(Vec<u8>),
    /// Init has reported.
    Hello,
    /// A line of its run.
    Line(String),
}

/// The end of the watch over a guest.
#[derive(Debug)]
pub(super) enum WatchEnd {
    /// Its run ended with this status, and then its machine ended.
    Ended(i32),
    /// Its machine ended before its run.
    MachineEnded {
        /// QEMU's exit status, if it is known.
        status: Option<i32>,
        /// The last line that QEMU printed.
        message: String,
    },
    /// No output within this time.
    NoLife(Duration),
    /// No message from init within this time.
    NotUp(Duration),
    /// No output of its run for this time.
    Silent(Duration),
    /// The guest reported that it is lost, or its data is invalid.
    Told(Loss),
    /// The watch was stopped.
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
    /// The time of its start, and of the last output of its run.
    started: Instant,
    heard: Option<Instant>,
    /// The status of its run, and the time of its end.
    ended: Option<(i32, Instant)>,
    listener: Listener,
    /// The messages of its kernel.
    said: &'a mut Console,
}

impl<'a> Watch<'a> {
    /// Watches a guest that was just started.
    ///
    /// # Errors
    /// If this process has no free descriptors.
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

    /// Watches until the guest ends, is lost, or has to be stopped. `tell`
    /// receives all observations and returns an error if one shows a loss.
    pub(super) fn watch(mut self, tell: &mut dyn FnMut(Heard) -> Result<(), Loss>) -> WatchEnd {
        loop {
            let fds = [self.process.as_fd(), self.console.as_fd(), self.port.as_fd()];
            let woken = await_any(&fds, self.deadline(), self.stop);
            // Every source is read, whatever caused the wake-up, so that no
            // source starves another.
            let is_over = self.process.has_ended();
            if let Err(loss) = self.hear(is_over, tell) {
                return WatchEnd::Told(loss);
            }
            match woken {
                Ok(_) if is_over => return self.over(),
                Ok(_) => {}
                Err(ReceiveError::Stopped) => return WatchEnd::Stopped,
                // Something may have arrived at the last moment.
                Err(_) if self.deadline() > Instant::now() => {}
                Err(_) => return self.late(),
            }
        }
    }

    /// The deadline for the next message.
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

    /// Processes the available data; all of it after the end of the machine.
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

    /// The result after the machine has ended.
    fn over(self) -> WatchEnd {
        if let Some((status, _)) = self.ended {
            return WatchEnd::Ended(status);
        }
        let message = self.executed.log.text();
        let message = message.lines().last().unwrap_or_default().trim().to_owned();
        WatchEnd::MachineEnded { status: exit_status(self.executed.pid).ok(), message }
    }

    /// The result after a time limit.
    fn late(self) -> WatchEnd {
        let Patience { life, boot, silence } = self.patience;
        match (self.ended, self.heard) {
            // The run is complete; a machine that does not end does not matter.
            (Some((status, _)), _) => WatchEnd::Ended(status),
            (None, Some(_)) => WatchEnd::Silent(silence),
            (None, None) if self.said.was_heard() => WatchEnd::NotUp(boot),
            (None, None) => WatchEnd::NoLife(life.unwrap_or(boot).min(boot)),
        }
    }
}
