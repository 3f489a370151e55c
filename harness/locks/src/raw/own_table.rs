//! A thread with a descriptor table of its own.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::libc;

/// `CLOSE_RANGE_UNSHARE` of include/uapi/linux/close_range.h.
const UNSHARE: libc::c_uint = 1 << 1;

/// Gives the calling thread a descriptor table of its own, with only `kept` in it
/// (`close_range(2)` with `CLOSE_RANGE_UNSHARE`, since Linux 5.9; `unshare(2)` with `CLONE_FILES`
/// before, which keeps copies of the other descriptors too).
///
/// POSIX locks are owned by a table. A descriptor that is closed in this thread afterwards drops no
/// POSIX lock of the process.
///
/// The thread must use no other descriptor afterwards, not even standard error.
///
/// # Errors
/// `EPERM` or `ENOSYS` where a seccomp filter refuses both calls, `ENOMEM`.
pub(crate) fn take_own_table(kept: BorrowedFd<'_>) -> Result<(), Errno> {
    let kept = kept.as_raw_fd();
    match close_range(kept + 1, RawFd::MAX, UNSHARE) {
        Ok(()) if kept > 0 => close_range(0, kept - 1, 0),
        Ok(()) => Ok(()),
        Err(_) => nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES),
    }
}

fn close_range(first: RawFd, last: RawFd, flags: libc::c_uint) -> Result<(), Errno> {
    // SAFETY: the call takes three numbers and accesses no memory of this process. It closes
    // descriptors only in a table that this thread alone uses: the first call copies the table.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    Errno::result(answer).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};

    use super::*;
    use crate::lock::KernelLocks;

    #[test]
    fn a_file_closed_in_an_own_table_keeps_the_posix_locks_of_the_process() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let byte = RangeSpec::byte(100);
        let locked = File::open(file.path()).expect("the file");
        KernelLocks::new(locked.as_fd(), Backend::Posix)
            .set(LockType::Read, byte)
            .expect("no conflict");
        let path = format!("/proc/self/fd/{}", locked.as_raw_fd());
        std::thread::scope(|scope| {
            let closed = scope.spawn(|| {
                take_own_table(locked.as_fd())?;
                drop(File::open(path));
                Ok::<(), Errno>(())
            });
            closed.join().expect("it does not panic").expect("a table of its own");
        });
        let other = File::open(file.path()).expect("the file");
        let held = KernelLocks::new(other.as_fd(), Backend::Ofd).test(LockType::Write, byte);
        assert!(held.expect("an answer").is_some());
        // The descriptors of the process are still there.
        assert!(locked.metadata().is_ok());
    }
}
