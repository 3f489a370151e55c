use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::ReceiveError;
use super::channel::await_readable;

/// Signals a stop to every wait of a run: one end of a pipe that becomes
/// readable, and stays so.
#[derive(Debug, Clone)]
pub struct StopToken(Arc<OwnedFd>);

/// Stops the runs that hold the token. Its end of the pipe can be given to a
/// signal handler, which writes a byte into it. Dropping the trigger stops the
/// runs, unless another copy of this end is open.
#[derive(Debug)]
pub struct StopTrigger(OwnedFd);

impl StopToken {
    /// A token and its trigger.
    ///
    /// # Errors
    /// When this process has no free descriptors.
    pub fn pair() -> std::io::Result<(StopTrigger, StopToken)> {
        let flags = rustix::pipe::PipeFlags::CLOEXEC;
        let (read, write) = rustix::pipe::pipe_with(flags)?;
        Ok((StopTrigger(write), StopToken(Arc::new(read))))
    }

    /// Waits until it is triggered.
    ///
    /// # Errors
    /// [`ReceiveError::Timeout`] when the deadline passes first, and
    /// [`ReceiveError::Stopped`] when it is triggered.
    pub fn wait(&self, deadline: Instant) -> Result<(), ReceiveError> {
        await_readable(self.as_fd(), deadline, self)
    }

    /// Whether it was triggered.
    pub fn is_stopped(&self) -> bool {
        let mut polled = [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)];
        matches!(poll(&mut polled, Some(&Timespec::default())), Ok(count) if count > 0)
    }
}

impl AsFd for StopToken {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl StopTrigger {
    /// Stops the runs that hold the token.
    pub fn stop(&self) {
        // A full pipe has been triggered already.
        let _ = rustix::io::write(&self.0, &[1]);
    }
}

impl From<StopTrigger> for OwnedFd {
    fn from(trigger: StopTrigger) -> OwnedFd {
        trigger.0
    }
}
