use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::error::ReceiveError;

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

/// Waits until `fd` is readable, the deadline passes or `stop` is set.
///
/// # Errors
/// [`ReceiveError::Timeout`] or [`ReceiveError::Stopped`].
pub fn await_readable(
    fd: BorrowedFd<'_>,
    deadline: Instant,
    stop: &StopToken,
) -> Result<(), ReceiveError> {
    await_any(&[fd], deadline, stop).map(|_| ())
}

/// Waits until one of `fds` is readable, the deadline passes or `stop` is set.
/// Returns the index of the first readable one.
///
/// # Errors
/// [`ReceiveError::Timeout`] or [`ReceiveError::Stopped`].
pub fn await_any(
    fds: &[BorrowedFd<'_>],
    deadline: Instant,
    stop: &StopToken,
) -> Result<usize, ReceiveError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let all = std::iter::once(stop.as_fd()).chain(fds.iter().copied());
        let mut polled: Vec<_> =
            all.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match poll(&mut polled, Some(&timeout)) {
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno.into()),
            Ok(_) if !polled[0].revents().is_empty() => return Err(ReceiveError::Stopped),
            Ok(_) => {
                let ready = polled[1..].iter().position(|fd| !fd.revents().is_empty());
                return ready.ok_or(ReceiveError::Timeout);
            }
        }
    }
}
