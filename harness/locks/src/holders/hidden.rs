//! Locks that the kernel does not show, because the file system keeps them
//! itself, as a FUSE server can. It can be asked who would be in the way, and
//! says that somebody is.

use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use crate::lock::KernelLocks;
use imglock_core::{Backend, ByteLocks, ByteRange, LockType, RangeSpec};
use imglock_core::{Permission, held_byte, unshared_byte};

/// How long a server may take to answer: one that is stopped never does.
const PATIENCE: Duration = Duration::from_secs(2);

/// The locks on the lock bytes of a file, and on nothing else where there are
/// such. It asks (`F_OFD_GETLK`), and takes none. Whatever cannot be asked
/// says nothing.
pub(super) fn locks(path_only: BorrowedFd<'_>) -> Vec<(LockType, ByteRange)> {
    let path = format!("/proc/self/fd/{}", path_only.as_raw_fd());
    let (sender, answer) = channel();
    let ask = move || {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let found = rustix::fs::open(path, flags, Mode::empty()).map(|file| found(file.as_fd()));
        // Nobody listens any more: it took too long.
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
