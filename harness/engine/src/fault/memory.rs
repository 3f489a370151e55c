use std::cell::{Cell, OnceCell, RefCell};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};

use imglock_core::{Backend, RangeSpec};

/// The number of locks that a process with `OnlyEightLocks` can have.
const ROOM: usize = 8;

/// The lifetime of a lock with `LockExpires`.
const LEASE: Duration = Duration::from_millis(1);

/// State that a process with a fault keeps from one lock call to the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// The locks that fit into the room.
    locks: RefCell<Vec<(RawFd, RangeSpec)>>,
    /// The number of claims it has acquired or tried to acquire.
    claims: Cell<u32>,
    /// The file that `WrongFile` locks instead of the image.
    elsewhere: OnceCell<Option<OwnedFd>>,
    /// The descriptors with locks that expire.
    leases: RefCell<Vec<(RawFd, Backend)>>,
    expiry: Cell<Option<Instant>>,
}

impl Memory {
    /// Whether a lock fits into the room; if so, it occupies it from now on.
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

    /// Frees the room of a lock.
    pub(super) fn free(&self, fd: RawFd, range: RangeSpec) {
        self.locks.borrow_mut().retain(|lock| *lock != (fd, range));
    }

    /// Frees the room of a closed descriptor's locks.
    pub fn close(&self, fd: RawFd) {
        self.locks.borrow_mut().retain(|(other, _)| *other != fd);
    }

    /// Counts a claim; the first one is number 1.
    pub(super) fn next_claim(&self) -> u32 {
        self.claims.set(self.claims.get() + 1);
        self.claims.get()
    }

    /// A private file of this process; `None` when it cannot be made.
    pub fn elsewhere(&self) -> Option<BorrowedFd<'_>> {
        let make = || memfd_create("imglock-elsewhere", MemfdFlags::CLOEXEC).ok();
        self.elsewhere.get_or_init(make).as_ref().map(AsFd::as_fd)
    }

    /// Records that a descriptor has locks that expire.
    pub fn lease(&self, fd: RawFd, backend: Backend) {
        self.leases.borrow_mut().push((fd, backend));
        if self.expiry.get().is_none() {
            self.expiry.set(Some(Instant::now() + LEASE));
        }
    }

    /// The time of expiry, if any locks expire.
    pub fn expiry(&self) -> Option<Instant> {
        self.expiry.get()
    }

    /// Removes and returns the descriptors whose locks expire.
    pub fn expire(&self) -> Vec<(RawFd, Backend)> {
        self.expiry.set(None);
        std::mem::take(&mut self.leases.borrow_mut())
    }
}
