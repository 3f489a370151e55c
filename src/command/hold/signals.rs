use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;

/// The signals that ask a process to end.
pub(super) const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// Caught signals with their senders. The handlers write to a pipe whose other
/// end can be polled.
pub(super) struct Signals {
    delivery: SignalDelivery<UnixStream, WithOrigin>,
    /// Bit N - 1 is set if signal N was ignored at the start.
    ignored: u64,
}

impl Signals {
    /// Catches these signals, except those that were ignored when imglock
    /// started. nohup(1), and a shell that starts a background job, ignore
    /// signals for all processes of the job.
    ///
    /// # Errors
    /// Handlers cannot be installed.
    pub(super) fn catch(signals: &[i32]) -> io::Result<Signals> {
        let ignored = ignored();
        let (read, write) = UnixStream::pair()?;
        let none: [i32; 0] = [];
        let delivery = SignalDelivery::with_pipe(read, write, WithOrigin::default(), none)?;
        let caught = Signals { delivery, ignored };
        caught.catch_too(signals)?;
        Ok(caught)
    }

    /// Catches further signals.
    ///
    /// # Errors
    /// As [`Signals::catch`].
    pub(super) fn catch_too(&self, signals: &[i32]) -> io::Result<()> {
        let handle = self.delivery.handle();
        let wanted = |signal: &&i32| self.ignored & (1 << (**signal - 1)) == 0;
        signals.iter().filter(wanted).try_for_each(|signal| handle.add_signal(*signal))
    }

    /// Waits for signals until `deadline`, and returns none after it.
    ///
    /// # Errors
    /// poll(2) fails.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Vec<Origin>> {
        loop {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            // Round up, so that a fraction of a millisecond is waited for.
            let timeout = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX)
            });
            let polled = PollFd::new(self.delivery.get_read().as_fd(), PollFlags::POLLIN);
            match poll(&mut [polled], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let came: Vec<Origin> = self.delivery.pending().collect();
            if !came.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(came);
            }
        }
    }

    /// The signals that have already arrived.
    ///
    /// # Errors
    /// As [`Signals::wait`].
    pub(super) fn arrived(&mut self) -> io::Result<Vec<Origin>> {
        self.wait(Some(Instant::now()))
    }
}

/// The line `SigIgn` of /proc/self/status. Without /proc, no signal counts as
/// ignored.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0)
}
