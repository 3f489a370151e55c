//! Kills the holder of a lock repeatedly, and measures the time until release.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::series::{ProbeDelays, ProbeTiming};
use crate::process::{
    Channel, Launcher, ProcessError, ProcessHandle, ReceiveError, Released, Reply, Request,
    StopToken, Worker, describe, monotonic,
};
use crate::series::TimeSpread;
use imglock_core::{Access, Backend, Claim, Errno, LockType, Outcome, RangeSpec};

/// An arbitrary range.
const RANGE: RangeSpec = RangeSpec::at(0, 10);

/// A series of kills.
#[derive(Debug)]
pub(super) struct Kills<'a> {
    pub(super) launcher: &'a mut Launcher,
    /// A block device to lock, instead of a new file.
    pub(super) device: Option<&'a Path>,
    pub(super) backend: Backend,
    /// Whether an io_uring instance has the file registered.
    pub(super) uring: bool,
    pub(super) rounds: u32,
    /// Time limit of one step, the release of the lock included.
    pub(super) timeout: Duration,
    pub(super) stop: StopToken,
}

/// Why a round has no times.
#[derive(Debug)]
enum Miss {
    NotTried(String),
    NotReleased,
    /// The run cannot continue.
    Ended(ProcessError),
}

/// The times of one round.
struct Times {
    from_kill: Duration,
    after_exit: Duration,
}

impl Kills<'_> {
    /// The times of all rounds, or of those before the first failure.
    ///
    /// # Errors
    /// If the launcher is lost, or the run is stopped.
    pub(super) fn measure(mut self) -> Result<ProbeTiming, ProcessError> {
        let mut rounds = Vec::new();
        for _ in 0..self.rounds {
            let round = self.round();
            // In any case, the processes of the round must end.
            let ended = self.launcher.end();
            match round {
                Ok(times) => rounds.push(times),
                Err(Miss::NotTried(why)) => return ended.map(|()| ProbeTiming::NotTried { why }),
                Err(Miss::NotReleased) => return ended.map(|()| ProbeTiming::NotReleased),
                Err(Miss::Ended(error)) => return Err(error),
            }
            ended?;
        }
        let from_kill = TimeSpread::of(rounds.iter().map(|times| times.from_kill));
        let after_exit = TimeSpread::of(rounds.iter().map(|times| times.after_exit));
        Ok(match (from_kill, after_exit) {
            (Some(from_kill), Some(after_exit)) => {
                ProbeTiming::Measured(ProbeDelays { rounds: rounds.len(), from_kill, after_exit })
            }
            _ => ProbeTiming::NotTried { why: "the number of rounds is 0".to_owned() },
        })
    }

    fn round(&mut self) -> Result<Times, Miss> {
        let image = self.image()?;
        let names = ["holder", "waiter"].map(str::to_owned);
        let mut workers = self.launcher.spawn(&names).map_err(Miss::Ended)?.into_iter();
        let (Some(mut holder), Some(mut waiter)) = (workers.next(), workers.next()) else {
            return Err(Miss::NotTried("no process was started".to_owned()));
        };
        self.hold(&mut holder, &image)?;
        self.wait(&mut waiter, &image)?;
        let process = ProcessHandle::open(holder.pid).map_err(system)?;
        let killed = monotonic();
        process.kill().map_err(system)?;
        process.await_exit(self.deadline(), &self.stop).map_err(receive)?;
        let dead = monotonic();
        let released = released(&mut waiter.channel, self.deadline(), &self.stop)?;
        Ok(Times {
            from_kill: released.saturating_sub(killed),
            after_exit: released.saturating_sub(dead),
        })
    }

    fn image(&mut self) -> Result<PathBuf, Miss> {
        let directory = self.launcher.begin().map_err(Miss::Ended)?;
        if let Some(device) = self.device {
            return Ok(device.to_owned());
        }
        let image = directory.join("disk.img");
        File::create_new(&image).map_err(system)?;
        Ok(image)
    }

    /// Takes the lock, and registers its file with io_uring.
    fn hold(&self, holder: &mut Worker, image: &Path) -> Result<(), Miss> {
        let fd = self.open(holder, image)?;
        match self.lock(holder, fd)? {
            Outcome::Granted => {}
            outcome => return Err(Miss::NotTried(format!("a lock gave {outcome}"))),
        }
        if self.uring {
            match self.ask(holder, &Request::RegisterWithUring { fd })?.outcome {
                Outcome::Done => {}
                Outcome::Failed(error) => return Err(Miss::NotTried(no_uring(error))),
                outcome => return Err(Miss::NotTried(format!("io_uring gave {outcome}"))),
            }
        }
        Ok(())
    }

    /// Waits for the lock. The end of the wait shows the release. The waiter
    /// reports the start of its wait just before it waits: file systems that
    /// ask a server show no waiting line in /proc/locks.
    fn wait(&self, waiter: &mut Worker, image: &Path) -> Result<(), Miss> {
        let fd = self.open(waiter, image)?;
        if self.lock(waiter, fd)? != Outcome::Failed(Errno::EAGAIN) {
            return Err(Miss::NotTried("a lock does not exclude other processes".to_owned()));
        }
        let request = Request::AwaitRelease { fd, backend: self.backend, range: RANGE };
        match self.ask(waiter, &request)?.outcome {
            Outcome::Blocked => Ok(()),
            outcome => Err(Miss::NotTried(format!("waiting for a lock gave {outcome}"))),
        }
    }

    fn open(&self, worker: &mut Worker, image: &Path) -> Result<i32, Miss> {
        let request = Request::Open {
            path: image.to_owned(),
            access: Access::ReadWrite,
            cloexec: true,
            locks: None,
            claim: Claim::NOTHING,
            pause_after: None,
        };
        let reply = self.ask(worker, &request)?;
        match reply.node {
            Some(node) => Ok(node.fd),
            None => Err(Miss::NotTried(format!("opening a file gave {}", reply.outcome))),
        }
    }

    fn lock(&self, worker: &mut Worker, fd: i32) -> Result<Outcome, Miss> {
        let (backend, kind) = (self.backend, LockType::Write);
        let request = Request::Lock { fd, backend, kind, range: RANGE, wait: false };
        Ok(self.ask(worker, &request)?.outcome)
    }

    fn ask(&self, worker: &mut Worker, request: &Request) -> Result<Reply, Miss> {
        worker.ask(request, self.deadline(), &self.stop).map_err(receive)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }
}

/// The time at which the waiter acquired the lock.
fn released(waiter: &mut Channel, deadline: Instant, stop: &StopToken) -> Result<Duration, Miss> {
    match waiter.wait(deadline, stop) {
        Err(ReceiveError::Timeout) => return Err(Miss::NotReleased),
        other => other.map_err(receive)?,
    }
    let Released { outcome, at } = waiter.receive().map_err(receive)?;
    match outcome {
        Outcome::Granted => Ok(at),
        outcome => Err(Miss::NotTried(format!("waiting for a lock gave {outcome}"))),
    }
}

fn system(error: std::io::Error) -> Miss {
    Miss::NotTried(describe(&error))
}

fn receive(error: ReceiveError) -> Miss {
    match error {
        ReceiveError::Stopped => Miss::Ended(ProcessError::Stopped),
        other => Miss::NotTried(other.to_string()),
    }
}

/// Why a program cannot use io_uring, as far as the errno tells.
fn no_uring(error: Errno) -> String {
    let switch = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
    let why = match (error, switch.as_deref().map(str::trim)) {
        (Errno::ENOSYS, _) => "this kernel has none, or a seccomp filter hides it",
        (Errno::EPERM, Ok("1")) => "kernel.io_uring_disabled is 1: only for a privileged group",
        (Errno::EPERM, Ok("2")) => "kernel.io_uring_disabled is 2: disabled for every process",
        (Errno::EPERM, _) => "a seccomp filter or a security module forbids it",
        (Errno::ENOMEM, _) => "`ulimit -l` allows too little locked memory",
        _ => "it cannot be set up",
    };
    format!("io_uring gave {error}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for the waiter's message, if it sends one.
    fn told(message: Option<Outcome>, stopped: bool) -> Result<Duration, Miss> {
        let (ours, theirs) = Channel::pair().expect("a socket pair");
        let (mut ours, mut theirs) = (Channel::new(ours), Channel::new(theirs));
        let (trigger, stop) = StopToken::pair().expect("a pipe");
        if stopped {
            trigger.stop();
        }
        if let Some(outcome) = message {
            let at = Duration::from_secs(7);
            theirs.send(&Released { outcome, at }).expect("sent");
        }
        // The deadline is now, because no other message can arrive.
        released(&mut ours, Instant::now(), &stop)
    }

    #[test]
    fn a_lock_that_comes_tells_when() {
        let at = told(Some(Outcome::Granted), false).expect("a moment");
        assert_eq!(at, Duration::from_secs(7));
    }

    #[test]
    fn a_lock_that_does_not_come_was_not_released() {
        assert!(matches!(told(None, false), Err(Miss::NotReleased)));
    }

    #[test]
    fn a_wait_that_fails_measures_nothing() {
        let failed = Outcome::Failed(Errno::EINTR);
        let Err(Miss::NotTried(why)) = told(Some(failed), false) else { panic!("it was") };
        assert_eq!(why, "waiting for a lock gave EINTR");
    }

    #[test]
    fn a_stop_ends_the_probe() {
        assert!(matches!(told(None, true), Err(Miss::Ended(ProcessError::Stopped))));
    }

    #[rstest::rstest]
    #[case(Errno::ENOSYS, "io_uring gave ENOSYS: this kernel has none")]
    #[case(Errno::ENOMEM, "io_uring gave ENOMEM: `ulimit -l` allows")]
    #[case(Errno::EPERM, "io_uring gave EPERM: ")]
    #[case(Errno::EIO, "io_uring gave EIO: it cannot be set up")]
    fn the_lack_of_io_uring_is_explained(#[case] errno: Errno, #[case] says: &str) {
        let why = no_uring(errno);
        assert!(why.starts_with(says), "{why}");
    }
}
