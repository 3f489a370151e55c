//! Locks that the kernel does not show, because a lock server such as a FUSE server keeps them.
//! A test for conflicting locks reveals that such a lock exists, but not its owner.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use crate::lock::KernelLocks;
use imglock_core::{
    Backend, ByteLocks, ByteRange, LockType, Permission, RangeSpec, held_byte, unshared_byte,
};

/// The maximum time to wait for the server. A stopped server never answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Finds the hidden locks on the lock bytes of a file. If there are none, it finds one lock on any
/// other byte.
///
/// It tests for conflicts (`F_OFD_GETLK`) and acquires no lock. If a test fails, no lock is
/// reported.
pub(super) fn locks(path_only: BorrowedFd<'_>) -> Vec<(LockType, ByteRange)> {
    let path = format!("/proc/self/fd/{}", path_only.as_raw_fd());
    let (sender, answer) = channel();
    let ask = move || {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let found = rustix::fs::open(path, flags, Mode::empty()).map(|file| found(file.as_fd()));
        // The receiver is closed if the test took too long.
        let _ = sender.send(found.unwrap_or_default());
    };
    match std::thread::Builder::new().spawn(ask) {
        Ok(_) => answer.recv_timeout(PATIENCE).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn found(file: BorrowedFd<'_>) -> Vec<(LockType, ByteRange)> {
    let mut asked = KernelLocks::new(file, Backend::Ofd);
    let mut in_the_way = |range| {
        let blocker = asked.test(LockType::Write, range).ok().flatten()?;
        Some((blocker.kind, blocker.range))
    };
    let Some(any) = in_the_way(RangeSpec::at(0, 0)) else { return Vec::new() };
    let bytes = Permission::ALL.into_iter().flat_map(|one| [held_byte(one), unshared_byte(one)]);
    let found: BTreeSet<_> = bytes.filter_map(|byte| in_the_way(RangeSpec::byte(byte))).collect();
    if found.is_empty() { vec![any] } else { found.into_iter().collect() }
}
