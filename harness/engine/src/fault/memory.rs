use std::cell::{Cell, OnceCell, RefCell};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};

use imglock_core::{Backend, RangeSpec};

/// How many locks a process has room for that has not enough.
const ROOM: usize = 8;

/// How long a lock lasts that expires.
const LEASE: Duration = Duration::from_millis(1);

/// What a process with a fault remembers from one lock call to the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// The locks that there is room for.
    locks: RefCell<Vec<(RawFd, RangeSpec)>>,
    /// How many claims it has acquired or tried to.
    claims: Cell<u32>,
    /// Where locks go that go to the wrong file.
    elsewhere: OnceCell<Option<OwnedFd>>,
    /// The descriptors with locks that expire, and when.
    leases: RefCell<Vec<(RawFd, Backend)>>,
    expiry: Cell<Option<Instant>>,
}

impl Memory {
    /// Whether a lock fits in; from then on it takes up room.
    pub(super) fn has_room_for(&self, fd: RawFd, range: RangeSpec) -> bool {
        let mut locks = self.locks.borrow_mut();
        if locks.contains(&(fd, range)) {
            return true;
        }
        let fits = locks.len() < ROOM;
        if fits {
            locks.push((fd, range));
        }
        fits
    }

    /// A lock takes up no more room.
    pub(super) fn free(&self, fd: RawFd, range: RangeSpec) {
        self.locks.borrow_mut().retain(|lock| *lock != (fd, range));
    }

    /// Nor do those of a descriptor that is closed.
    pub fn close(&self, fd: RawFd) {
        self.locks.borrow_mut().retain(|(other, _)| *other != fd);
    }

    /// Counts a claim; the first one is number 1.
    pub(super) fn next_claim(&self) -> u32 {
        self.claims.set(self.claims.get() + 1);
        self.claims.get()
    }

    /// A file that is nobody else's; `None` when there cannot be one.
    pub fn elsewhere(&self) -> Option<BorrowedFd<'_>> {
        let make = || memfd_create("imglock-elsewhere", MemfdFlags::CLOEXEC).ok();
        self.elsewhere.get_or_init(make).as_ref().map(AsFd::as_fd)
    }

    /// Notes that there are locks that are to expire.
    pub fn lease(&self, fd: RawFd, backend: Backend) {
        self.leases.borrow_mut().push((fd, backend));
        if self.expiry.get().is_none() {
            self.expiry.set(Some(Instant::now() + LEASE));
        }
    }

    /// When they expire, if there are any.
    pub fn expiry(&self) -> Option<Instant> {
        self.expiry.get()
    }

    /// Those that have expired by now.
    pub fn expire(&self) -> Vec<(RawFd, Backend)> {
        self.expiry.set(None);
        std::mem::take(&mut self.leases.borrow_mut())
    }
}
