//! kcmp(2): whether two descriptors refer to the same open file description, and whether two
//! threads use the same descriptor table.

use std::cmp::Ordering;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc;

/// `KCMP_FILE` of include/uapi/linux/kcmp.h.
const KCMP_FILE: libc::c_long = 0;
/// `KCMP_FILES` of include/uapi/linux/kcmp.h.
const KCMP_FILES: libc::c_long = 2;

/// `kcmp(pid, other_pid, KCMP_FILE, fd, other_fd)`—compares the open file description of
/// descriptor `fd` in process `pid` with that of `other_fd` in `other_pid`. They are equal if they
/// are the same description. The order of different descriptions has no meaning but is stable, so
/// that many of them can be sorted. For a thread with a descriptor table of its own, `pid` is the
/// ID of the thread.
///
/// The caller needs the permission to trace (ptrace(2)) both processes.
///
/// # Errors
/// `EPERM` without that permission, `ESRCH` or `EBADF` if a process or a descriptor no longer
/// exists, `ENOSYS` if the kernel was built without kcmp(2), `ENOTSUP` if the descriptions differ
/// and the kernel reports no order.
#[doc(alias = "kcmp")]
pub(crate) fn compare_descriptions(
    (pid, fd): (i32, RawFd),
    (other_pid, other_fd): (i32, RawFd),
) -> Result<Ordering, Errno> {
    // SAFETY: the call takes five numbers and accesses no memory of this process.
    let answer = unsafe { libc::syscall(libc::SYS_kcmp, pid, other_pid, KCMP_FILE, fd, other_fd) };
    order(answer)
}

/// `kcmp(tid, other_tid, KCMP_FILES)`—compares the descriptor tables of two threads, which may
/// belong to different processes. They are equal if both threads use the same table. A thread that
/// has exited and is not yet reaped uses none, and differs from every thread that uses one.
///
/// # Errors
/// As for [`compare_descriptions`], without `EBADF`.
pub(crate) fn compare_tables(tid: i32, other_tid: i32) -> Result<Ordering, Errno> {
    // SAFETY: the call takes five numbers and accesses no memory of this process.
    let answer = unsafe { libc::syscall(libc::SYS_kcmp, tid, other_tid, KCMP_FILES, 0, 0) };
    order(answer)
}

fn order(answer: libc::c_long) -> Result<Ordering, Errno> {
    match Errno::result(answer)? {
        0 => Ok(Ordering::Equal),
        1 => Ok(Ordering::Less),
        2 => Ok(Ordering::Greater),
        _ => Err(Errno::ENOTSUP),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use std::sync::mpsc::channel;

    use nix::sched::{CloneFlags, unshare};
    use nix::unistd::gettid;

    use super::*;

    #[test]
    fn a_copy_is_the_same_description_and_a_second_open_is_not() {
        let file = File::open("/dev/null").expect("/dev/null");
        let copy = file.try_clone().expect("a copy");
        let other = File::open("/dev/null").expect("/dev/null");
        let pid = std::process::id() as i32;
        let with =
            |other: &File| compare_descriptions((pid, file.as_raw_fd()), (pid, other.as_raw_fd()));
        assert_eq!(with(&copy), Ok(Ordering::Equal));
        let order = with(&other).expect("an order");
        assert_ne!(order, Ordering::Equal);
        let back = compare_descriptions((pid, other.as_raw_fd()), (pid, file.as_raw_fd()));
        assert_eq!(back, Ok(order.reverse()));
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        let pid = std::process::id() as i32;
        assert_eq!(compare_descriptions((pid, i32::MAX), (pid, i32::MAX)), Err(Errno::EBADF));
    }

    #[test]
    fn threads_use_one_table_until_one_of_them_unshares_it() {
        let pid = std::process::id() as i32;
        let (tell, told) = channel();
        let (go_on, go) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                tell.send(gettid().as_raw()).expect("a listener");
                go.recv().expect("a word");
                unshare(CloneFlags::CLONE_FILES).expect("a table of its own");
                tell.send(0).expect("a listener");
                let _ = go.recv();
            });
            let tid = told.recv().expect("a thread");
            assert_eq!(compare_tables(pid, tid), Ok(Ordering::Equal));
            go_on.send(()).expect("it waits");
            told.recv().expect("it has unshared its table");
            assert_ne!(compare_tables(pid, tid), Ok(Ordering::Equal));
            drop(go_on);
        });
    }
}
