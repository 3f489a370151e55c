//! The planted fault of a worker. A worker calls these functions wherever a
//! fault may apply; without a fault they act normally.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Instant;

use nix::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Stat, fstat};
use rustix::process::{PidfdFlags, getppid, pidfd_open};

use super::channel::Channel;
use crate::fault::{Fault, Faulty, Memory, Purpose, Surroundings};
use crate::raw::{clone_into, numbered};
use imglock_core::{Access, Backend, ByteLocks, RangeSpec, Refusal, Side};
use imglock_locks::{AcquireError, KernelLocks};

/// The number of readings of the kernel's table in search of a waiting lock.
const READINGS: usize = 8;

/// The fault of one worker, if it has one.
pub(super) struct Planted {
    pub(super) fault: Option<Fault>,
    memory: Memory,
    /// The worker's socket. When its other end is closed, no process waits for an
    /// answer.
    socket: RawFd,
}

impl Planted {
    /// Plants a fault into this process, whose worker listens on `channel`.
    pub(super) fn new(fault: Option<Fault>, channel: &Channel) -> Planted {
        if fault == Some(Fault::KeptAfterDeath) {
            keep_after_death();
        }
        Planted { fault, memory: Memory::default(), socket: channel.number() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Makes lock calls on `fd`.
    pub(super) fn with_locks<R>(
        &self,
        fd: BorrowedFd<'_>,
        backend: Backend,
        purpose: Purpose,
        calls: impl FnOnce(&mut dyn ByteLocks) -> R,
    ) -> R {
        let Some(fault) = self.fault else {
            return calls(&mut KernelLocks::new(fd, backend));
        };
        let number = fd.as_raw_fd();
        let (file, owner, other) = match (fault, backend) {
            (Fault::WrongFile, _) => {
                (self.memory.elsewhere().unwrap_or(fd), backend, backend.other())
            }
            (Fault::OwnerByPid, _) => (fd, Backend::Posix, Backend::Ofd),
            _ => (fd, backend, backend.other()),
        };
        let views = (KernelLocks::new(file, owner), KernelLocks::new(file, other));
        let mut locks = Faulty::new(fault, purpose, &self.memory, number, views, self);
        let result = calls(&mut locks);
        locks.settle();
        if fault == Fault::LockExpires {
            self.memory.lease(number, backend);
        }
        result
    }

    /// The backend of an opener's locks.
    pub(super) fn backend(&self, locks: Option<Backend>, access: Access) -> Option<Backend> {
        let is_unlocked = self.is(Fault::ReadersNotLocked) && access == Access::ReadOnly;
        locks.filter(|_| !is_unlocked)
    }

    /// Whether exec closes a descriptor that is to be opened.
    pub(super) fn cloexec(&self, cloexec: bool) -> bool {
        cloexec && !self.is(Fault::CloexecIgnored)
    }

    /// The reported result of an attempt to acquire a claim.
    pub(super) fn told(&self, acquired: Result<(), AcquireError>) -> Result<(), AcquireError> {
        match (self.fault, acquired) {
            (Some(Fault::RefusalHidden), Err(AcquireError::Refused(_))) => Ok(()),
            (Some(Fault::RefusalMisnamed), Err(AcquireError::Refused(refusal))) => {
                let side = match refusal.side {
                    Side::Wanted => Side::Unshared,
                    Side::Unshared => Side::Wanted,
                };
                Err(AcquireError::Refused(Refusal { side, ..refusal }))
            }
            (_, acquired) => acquired,
        }
    }

    /// Closes the descriptor of a refused open.
    pub(super) fn close_refused(&self, file: OwnedFd) {
        let fd = file.into_raw_fd();
        if !self.is(Fault::RefusedOpenKept) {
            let _ = self.really_close(fd);
        }
    }

    /// Closes the descriptor of an image.
    pub(super) fn close(&self, fd: RawFd) -> Result<(), Errno> {
        if self.is(Fault::KeptAfterClose) { Ok(()) } else { self.really_close(fd) }
    }

    fn really_close(&self, fd: RawFd) -> Result<(), Errno> {
        self.memory.close(fd);
        if self.is(Fault::CloseDropsAll) {
            unlock_others_of(fd);
        }
        nix::unistd::close(fd)
    }

    /// Called when a forked child begins.
    pub(super) fn be_born(&self) {
        if self.is(Fault::ForkDropsLocks) {
            for (fd, _) in open_files() {
                unlock(fd);
            }
        }
    }

    /// Called when the worker is about to re-execute its program.
    pub(super) fn be_executed(&self) {
        if self.is(Fault::ExecDropsLocks) {
            for (fd, _) in open_files() {
                unlock(fd);
            }
        }
    }

    /// Waits until the next request arrives.
    pub(super) fn await_request(&self, channel: &Channel) {
        let Some(expiry) = self.memory.expiry() else { return };
        let Some(socket) = numbered(channel.number()) else { return };
        if is_ready(socket, PollFlags::IN, Some(expiry)) {
            return;
        }
        for (fd, backend) in self.memory.expire() {
            unlock_on(fd, backend);
        }
    }
}

impl Surroundings for Planted {
    fn wait_forever(&self) {
        if let Some(socket) = numbered(self.socket) {
            // poll(2) reports the end of the peer without being asked for it.
            is_ready(socket, PollFlags::empty(), None);
        }
    }

    fn is_waited_for(&self, fd: RawFd) -> bool {
        let Some(Ok(stat)) = numbered(fd).map(fstat) else { return false };
        let file = format!(":{} ", stat.st_ino);
        // A reading omits lines while other processes lock.
        (0..READINGS).any(|_| {
            let table = std::fs::read_to_string("/proc/locks").unwrap_or_default();
            table.lines().any(|line| line.contains("->") && line.contains(&file))
        })
    }
}

/// Waits for `events` on `fd`; signals do not end the wait. Returns false when
/// the deadline passed.
fn is_ready(fd: BorrowedFd<'_>, events: PollFlags, deadline: Option<Instant>) -> bool {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut [PollFd::from_borrowed_fd(fd, events)], left.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            polled => return polled != Ok(0),
        }
    }
}

/// Shares the descriptor table with a new process that lives until the launcher
/// ends the scenario or exits.
fn keep_after_death() {
    let launcher = getppid();
    let _ = clone_into(|| match launcher.map(|pid| pidfd_open(pid, PidfdFlags::empty())) {
        Some(Ok(launcher)) => i32::from(!is_ready(launcher.as_fd(), PollFlags::IN, None)),
        _ => 1,
    });
}

/// Drops all locks taken through a descriptor, of either owner type.
fn unlock(fd: RawFd) {
    for backend in Backend::ALL {
        unlock_on(fd, backend);
    }
}

fn unlock_on(fd: RawFd, backend: Backend) {
    if let Some(fd) = numbered(fd) {
        let _ = KernelLocks::new(fd, backend).unlock(RangeSpec::at(0, 0));
    }
}

/// Drops the locks taken through the other descriptors of the same file.
fn unlock_others_of(fd: RawFd) {
    let files = open_files();
    let Some((_, closed)) = files.iter().find(|(number, _)| *number == fd) else { return };
    for (number, file) in &files {
        let is_same = (file.st_dev, file.st_ino) == (closed.st_dev, closed.st_ino);
        if is_same && *number != fd {
            unlock(*number);
        }
    }
}

/// The regular files that this process has open.
fn open_files() -> Vec<(RawFd, Stat)> {
    let Ok(folder) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let numbers: Vec<RawFd> = numbers.collect();
    let regular = |number: RawFd| {
        let stat = fstat(numbered(number)?).ok()?;
        (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then_some((number, stat))
    };
    numbers.into_iter().filter_map(regular).collect()
}
