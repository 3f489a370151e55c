//! fork(2), clone(2), a signal handler, and descriptors by number.

use std::mem::ManuallyDrop;
use std::os::fd::{BorrowedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, clone};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, fork};

/// The stack of a cloned process; it has its own copy of all memory.
const STACK_BYTES: usize = 512 * 1024;

/// `fork(2)`—runs `child` in a copy of this process and never returns there.
///
/// # Errors
/// `EAGAIN` at the limit of processes, `ENOMEM`.
pub(crate) fn fork_into(child: impl FnOnce() -> i32) -> Result<Pid, Errno> {
    // SAFETY: launcher and workers have one thread each, so no lock can be
    // held by a thread that the child does not have.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => std::process::exit(status_of(child)),
    }
}

/// `clone(2)` with `CLONE_FILES`—like [`fork_into`], but the new process
/// shares this one's descriptor table, as threads do, and so is the same
/// owner of POSIX locks.
///
/// # Errors
/// As [`fork_into`].
pub(crate) fn clone_into(child: impl FnOnce() -> i32) -> Result<Pid, Errno> {
    // The parent must not drop it: its resources, descriptors above all, belong
    // to the child from here on, and both share one table to close them in.
    let mut child = ManuallyDrop::new(Some(child));
    let callback = Box::new(move || match child.take() {
        Some(child) => std::process::exit(status_of(child)) as isize,
        None => 1,
    });
    let mut stack = vec![0; STACK_BYTES];
    // SAFETY: without CLONE_VM the new process has its own copy of memory,
    // including the stack, so it uses no memory of the parent; and as in
    // `fork_into` there is only one thread.
    unsafe { clone(callback, &mut stack, CloneFlags::CLONE_FILES, Some(libc::SIGCHLD)) }
}

/// A panic must not unwind into the parent's stack frames: they own resources
/// of the parent, such as the scratch directory.
fn status_of(child: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(child)).unwrap_or(101)
}

extern "C" fn do_nothing(_: libc::c_int) {}

/// Installs an empty SIGUSR1 handler, so that the signal interrupts a waiting
/// fcntl(2).
///
/// # Errors
/// None for this signal, which is valid.
pub(crate) fn let_signals_interrupt() -> Result<(), Errno> {
    // No SA_RESTART: the call must end with EINTR.
    let action = SigAction::new(SigHandler::Handler(do_nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing at all.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.map(|_| ())
}

/// The descriptor with this number in this process.
///
/// A worker does not own a node's descriptor in the sense of Rust: fork, exec,
/// a shared table and messages move descriptors, and the caller records them.
pub(crate) fn numbered(fd: RawFd) -> Option<BorrowedFd<'static>> {
    if fd < 0 {
        return None;
    }
    // SAFETY: the value is not -1. A number that is not open, or open as
    // something else, makes system calls fail or act on the wrong file; a
    // worker does nothing with it that touches memory.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}
