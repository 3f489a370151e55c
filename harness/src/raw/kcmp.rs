//! kcmp(2): whether two descriptors are one open file description.

use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc;

/// `KCMP_FILE` of include/uapi/linux/kcmp.h.
const KCMP_FILE: libc::c_long = 0;

/// `kcmp(pid, other_pid, KCMP_FILE, fd, other_fd)`—whether descriptor `fd` of
/// process `pid` and `other_fd` of `other_pid` refer to the same open file
/// description.
///
/// It wants the rights of ptrace(2) over both processes.
///
/// # Errors
/// `EPERM` without those rights, `ESRCH` and `EBADF` when a process or a
/// descriptor has gone, `ENOSYS` where the kernel was built without it.
#[doc(alias = "kcmp")]
pub(crate) fn same_description(
    (pid, fd): (i32, RawFd),
    (other_pid, other_fd): (i32, RawFd),
) -> Result<bool, Errno> {
    // SAFETY: the call takes five numbers and touches no memory of ours.
    let answer = unsafe { libc::syscall(libc::SYS_kcmp, pid, other_pid, KCMP_FILE, fd, other_fd) };
    Errno::result(answer).map(|order| order == 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_copy_is_the_same_description_and_a_second_open_is_not() {
        let file = File::open("/dev/null").expect("/dev/null");
        let copy = file.try_clone().expect("a copy");
        let other = File::open("/dev/null").expect("/dev/null");
        let pid = std::process::id() as i32;
        let same =
            |other: &File| same_description((pid, file.as_raw_fd()), (pid, other.as_raw_fd()));
        assert_eq!(same(&copy), Ok(true));
        assert_eq!(same(&other), Ok(false));
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        let pid = std::process::id() as i32;
        assert_eq!(same_description((pid, i32::MAX), (pid, i32::MAX)), Err(Errno::EBADF));
    }
}
