use std::os::fd::BorrowedFd;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use imglock_core::{
    Backend, Blocker, ByteLocks, ByteRange, Errno, LockError, LockType, RangeSpec, Whence,
};

/// The locks of the running kernel on one open file.
#[derive(Debug, Clone, Copy)]
pub struct KernelLocks<'fd> {
    fd: BorrowedFd<'fd>,
    backend: Backend,
}

impl<'fd> KernelLocks<'fd> {
    /// Locks of kind `backend` on the open file `fd`.
    pub fn new(fd: BorrowedFd<'fd>, backend: Backend) -> KernelLocks<'fd> {
        KernelLocks { fd, backend }
    }

    fn asked(&self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        let mut flock = flock(type_code(kind), range);
        let arg = match self.backend {
            Backend::Ofd => FcntlArg::F_OFD_GETLK(&mut flock),
            Backend::Posix => FcntlArg::F_GETLK(&mut flock),
        };
        fcntl(self.fd, arg).map_err(failed)?;
        blocker(&flock)
    }

    fn change(&self, flock: &libc::flock, wait: bool) -> Result<(), LockError> {
        let arg = match (self.backend, wait) {
            (Backend::Ofd, false) => FcntlArg::F_OFD_SETLK(flock),
            (Backend::Ofd, true) => FcntlArg::F_OFD_SETLKW(flock),
            (Backend::Posix, false) => FcntlArg::F_SETLK(flock),
            (Backend::Posix, true) => FcntlArg::F_SETLKW(flock),
        };
        fcntl(self.fd, arg).map_err(failed)?;
        Ok(())
    }
}

impl ByteLocks for KernelLocks<'_> {
    #[doc(alias = "F_OFD_SETLK")]
    #[doc(alias = "F_SETLK")]
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        let attempt = || self.change(&flock(type_code(kind), range), false);
        told_apart(attempt, || self.asked(kind, range))
    }

    #[doc(alias = "F_OFD_SETLKW")]
    #[doc(alias = "F_SETLKW")]
    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.change(&flock(type_code(kind), range), true)
    }

    #[doc(alias = "F_UNLCK")]
    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        self.change(&flock(libc::F_UNLCK, range), false)
    }

    #[doc(alias = "F_OFD_GETLK")]
    #[doc(alias = "F_GETLK")]
    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        self.asked(kind, range)
    }
}

/// How often a lock call that is refused with `EACCES` is made before that counts as a denial. In
/// between, a conflicting lock may have been released.
const MOST_ATTEMPTS: usize = 3;

/// The result of a lock call, with a conflict told apart from a denial.
///
/// Linux itself returns `EAGAIN` for a conflict. `EACCES` is the answer of a security module, or that
/// of a CIFS server for a conflict (`STATUS_LOCK_NOT_GRANTED`, fs/smb/client/smb2maperror.c), so the
/// conflicting lock is asked for.
fn told_apart(
    attempt: impl Fn() -> Result<(), LockError>,
    blocker: impl Fn() -> Result<Option<Blocker>, LockError>,
) -> Result<(), LockError> {
    for _ in 0..MOST_ATTEMPTS {
        match attempt() {
            // If the lock was already released, there is no blocker to report.
            Err(LockError::WouldBlock { .. }) => {
                return Err(LockError::WouldBlock { blocker: blocker().ok().flatten() });
            }
            Err(LockError::Denied) => {
                if let Ok(Some(blocker)) = blocker() {
                    return Err(LockError::WouldBlock { blocker: Some(blocker) });
                }
            }
            other => return other,
        }
    }
    Err(LockError::Denied)
}

/// The kind of locks that a program which prefers OFD locks gets on the open file `fd`. It only
/// tests for a conflict (`F_OFD_GETLK`) and acquires no lock.
///
/// A kernel or a seccomp filter that does not know the call returns `EINVAL`. Any other error does
/// not answer this question, and a later lock call returns it again.
pub fn best_backend(fd: BorrowedFd<'_>) -> Backend {
    match KernelLocks::new(fd, Backend::Ofd).test(LockType::Write, RangeSpec::byte(0)) {
        Err(LockError::Invalid) => Backend::Posix,
        _ => Backend::Ofd,
    }
}

fn failed(errno: nix::errno::Errno) -> LockError {
    Errno::from_raw(errno as i32).into()
}

fn type_code(kind: LockType) -> libc::c_int {
    match kind {
        LockType::Read => libc::F_RDLCK,
        LockType::Write => libc::F_WRLCK,
    }
}

/// `F_OFD_*` requires `l_pid` to be 0 and returns `EINVAL` otherwise (fcntl(2)).
fn flock(code: libc::c_int, range: RangeSpec) -> libc::flock {
    let whence = match range.whence {
        Whence::Set => libc::SEEK_SET,
        Whence::Cur => libc::SEEK_CUR,
        Whence::End => libc::SEEK_END,
    };
    libc::flock {
        l_type: code as libc::c_short,
        l_whence: whence as libc::c_short,
        l_start: range.start,
        l_len: range.len,
        l_pid: 0,
    }
}

/// Reads the result of `F_GETLK`, whose range counts from the start of the file.
fn blocker(flock: &libc::flock) -> Result<Option<Blocker>, LockError> {
    let kind = match libc::c_int::from(flock.l_type) {
        libc::F_UNLCK => return Ok(None),
        libc::F_RDLCK => LockType::Read,
        libc::F_WRLCK => LockType::Write,
        _ => return Err(LockError::Other(Errno::EPROTO)),
    };
    let last = match flock.l_len {
        0 => ByteRange::EOF,
        len => flock.l_start + len - 1,
    };
    let pid = (flock.l_pid > 0).then_some(flock.l_pid);
    Ok(Some(Blocker { kind, range: ByteRange::new(flock.l_start, last), pid }))
}

#[cfg(test)]
mod tests;
