use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::error::ReceiveError;
use super::stop::{StopToken, await_readable};

/// A process by its pidfd (pidfd_open(2)), which never refers to another
/// process.
#[derive(Debug)]
pub struct ProcessHandle(OwnedFd);

impl ProcessHandle {
    /// `pidfd_open(pid)`—opens a process that has not been reaped.
    ///
    /// # Errors
    /// `ESRCH` when there is no such process.
    #[doc(alias = "pidfd_open")]
    pub fn open(pid: i32) -> std::io::Result<ProcessHandle> {
        let pid = Pid::from_raw(pid).ok_or(rustix::io::Errno::SRCH)?;
        Ok(ProcessHandle(pidfd_open(pid, PidfdFlags::empty())?))
    }

    /// Sends SIGKILL.
    ///
    /// # Errors
    /// `ESRCH` when it has been reaped.
    pub fn kill(&self) -> std::io::Result<()> {
        self.signal(Signal::KILL)
    }

    /// Sends SIGSTOP.
    ///
    /// # Errors
    /// `ESRCH` when it has been reaped.
    pub fn stop(&self) -> std::io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Sends SIGCONT.
    ///
    /// # Errors
    /// `ESRCH` when it has been reaped.
    pub fn resume(&self) -> std::io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Sends SIGUSR1. Workers have an empty handler for it: a waiting lock ends
    /// with `EINTR`.
    ///
    /// # Errors
    /// `ESRCH` when it has been reaped.
    pub fn interrupt(&self) -> std::io::Result<()> {
        self.signal(Signal::USR1)
    }

    fn signal(&self, signal: Signal) -> std::io::Result<()> {
        Ok(pidfd_send_signal(&self.0, signal)?)
    }

    /// Whether the process is a zombie or has been reaped.
    pub fn has_ended(&self) -> bool {
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        matches!(poll(&mut polled, Some(&Timespec::default())), Ok(count) if count > 0)
    }

    /// Waits until the process is a zombie or has been reaped. By then the
    /// kernel has closed its descriptors and dropped its locks: `do_exit`
    /// (kernel/exit.c) runs `exit_files` and the delayed work of fput before it
    /// notifies the parent.
    ///
    /// # Errors
    /// [`ReceiveError::Timeout`] or [`ReceiveError::Stopped`].
    pub fn await_exit(&self, deadline: Instant, stop: &StopToken) -> Result<(), ReceiveError> {
        await_readable(self.0.as_fd(), deadline, stop)
    }
}

/// Readable once the process has ended.
impl AsFd for ProcessHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
