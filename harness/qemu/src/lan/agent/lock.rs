use std::fs::File;
use std::io::{self, Read, Write};
use std::process::Command;

use imglock_core::{Errno, LockType};
use imglock_locks::LockClass;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::FlockOperation;

use crate::lan::role::LOCK_HOLDER;
use crate::lan::wire::{FoundLock, GuestLock, GuestRefusal, LockAnswer};
use imglock_engine::ROLE;

/// Opens the file, and asks the kernel which lock would be in the way.
///
/// # Errors
/// If the file cannot be opened, or the kernel refuses the question.
#[doc(alias = "F_GETLK")]
#[doc(alias = "F_OFD_GETLK")]
pub(super) fn test(question: &GuestLock) -> Result<Option<FoundLock>, GuestRefusal> {
    let file = open(question)?;
    let mut flock = flock(question);
    let call = match question.class {
        LockClass::Ofd => FcntlArg::F_OFD_GETLK(&mut flock),
        LockClass::Posix => FcntlArg::F_GETLK(&mut flock),
        _ => return Err(no_such_call().into()),
    };
    fcntl(&file, call).map_err(io::Error::from)?;
    let lock = match libc::c_int::from(flock.l_type) {
        libc::F_UNLCK => return Ok(None),
        libc::F_RDLCK => LockType::Read,
        libc::F_WRLCK => LockType::Write,
        _ => return Err(io::Error::from_raw_os_error(Errno::EPROTO.raw()).into()),
    };
    let libc::flock { l_start: start, l_len: length, l_pid: pid, .. } = flock;
    Ok(Some(FoundLock { lock, start, length, pid }))
}

/// A command for a process that acquires this lock and holds it until its end.
/// A POSIX lock would otherwise belong to the agent, which loses it with the
/// next descriptor of the file that it closes.
pub(super) fn holder(lock: &GuestLock) -> io::Result<Command> {
    let mut command = Command::new("/proc/self/exe");
    command.env(ROLE, LOCK_HOLDER.0).arg(serde_json::to_string(lock)?);
    Ok(command)
}

/// The process of [`holder`]: prints a [`LockAnswer`], and waits for the end of
/// its standard input.
pub(in crate::lan) fn run_holder() -> i32 {
    let acquired = acquire();
    let answer = match &acquired {
        Ok(_) => LockAnswer::Acquired,
        Err(error) => LockAnswer::Refused(GuestRefusal::from(io::Error::from_raw_os_error(
            error.raw_os_error().unwrap_or(libc::EIO),
        ))),
    };
    let told = serde_json::to_string(&answer).unwrap_or_default();
    let mut stdout = io::stdout();
    let told = writeln!(stdout, "{told}").and_then(|()| stdout.flush());
    let waited = io::stdin().read_to_end(&mut Vec::new());
    i32::from(acquired.is_err() || told.is_err() || waited.is_err())
}

/// Acquires the lock of the first argument, without waiting. It lasts as long
/// as the file.
fn acquire() -> io::Result<File> {
    let lock = std::env::args().nth(1).unwrap_or_default();
    let lock: GuestLock = serde_json::from_str(&lock)?;
    let file = open(&lock)?;
    let flock = flock(&lock);
    let call = match (lock.class, lock.lock) {
        (LockClass::Ofd, _) => FcntlArg::F_OFD_SETLK(&flock),
        (LockClass::Posix, _) => FcntlArg::F_SETLK(&flock),
        (LockClass::Flock, lock) => {
            let operation = match lock {
                LockType::Read => FlockOperation::NonBlockingLockShared,
                LockType::Write => FlockOperation::NonBlockingLockExclusive,
            };
            rustix::fs::flock(&file, operation)?;
            return Ok(file);
        }
        _ => return Err(no_such_call()),
    };
    fcntl(&file, call)?;
    Ok(file)
}

/// The kernel has no such call for this class of locks.
fn no_such_call() -> io::Error {
    io::Error::from_raw_os_error(libc::EINVAL)
}

fn open(lock: &GuestLock) -> io::Result<File> {
    File::options().read(true).write(lock.writable).open(&lock.file)
}

fn flock(lock: &GuestLock) -> libc::flock {
    let code = match lock.lock {
        LockType::Read => libc::F_RDLCK,
        LockType::Write => libc::F_WRLCK,
    };
    libc::flock {
        l_type: code as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: lock.start,
        l_len: lock.length,
        l_pid: 0,
    }
}
