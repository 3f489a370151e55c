use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use imglock_core::Errno;
use rustix::fs::{Mode, OFlags};

use super::{Inquiry, InquiryGap, Manner, NotAsked, inquire};
use crate::lock::{KernelLocks, best_backend};
use crate::raw::take_own_table;

/// The maximum time to wait for a file server. A stopped one never answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the kernel about the locks on the file that `path_only` (`O_PATH`) names.
///
/// A thread with a descriptor table of its own opens the file for reading and asks. So closing the
/// file drops no POSIX lock of this process, `posix_locked` or not; and its own locks are reported like
/// those of others. A lease of another process must have been ruled out before: open(2) breaks it.
///
/// With [`Manner::Recalling`], the file is opened for writing if that is permitted, and nothing is written. A client
/// of an NFSv4 server keeps its read locks to itself while it has a read delegation, and only an open
/// for writing lets the server call the delegation back (RFC 8881, 10.4).
///
/// # Errors
/// The reason why no question was asked. A question that failed is an [`Answer::Failed`](super::Answer).
pub(crate) fn ask(
    path_only: &Arc<OwnedFd>,
    posix_locked: bool,
    manner: Manner,
) -> Result<Inquiry, NotAsked> {
    // If the file system does not answer, the thread outlives this call, and keeps the descriptor.
    let path_only = Arc::clone(path_only);
    let (sender, answer) = channel();
    let asking = move || {
        // The receiver is closed if it took too long.
        let _ = sender.send(asked(path_only.as_fd(), posix_locked, manner));
    };
    match std::thread::Builder::new().name("asks".to_owned()).spawn(asking) {
        Ok(_) => answer.recv_timeout(PATIENCE).unwrap_or(Err(NotAsked::NoAnswer)),
        Err(error) => Err(NotAsked::Open((&error).into())),
    }
}

fn asked(
    path_only: BorrowedFd<'_>,
    posix_locked: bool,
    manner: Manner,
) -> Result<Inquiry, NotAsked> {
    if let Err(errno) = take_own_table(path_only)
        && posix_locked
    {
        return Err(NotAsked::OwnLocks(Errno::from_raw(errno as i32)));
    }
    let path = format!("/proc/thread-self/fd/{}", path_only.as_raw_fd());
    let open = |access: OFlags| {
        let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open(&*path, flags, Mode::empty())
    };
    let writable = if manner == Manner::Recalling { open(OFlags::RDWR).ok() } else { None };
    let unrecalled = manner == Manner::Recalling && writable.is_none();
    let file = match writable {
        Some(file) => file,
        None => open(OFlags::RDONLY)
            .map_err(|errno| NotAsked::Open(Errno::from_raw(errno.raw_os_error())))?,
    };
    let backend = best_backend(file.as_fd());
    let inquiry = inquire(&mut KernelLocks::new(file.as_fd(), backend), backend, manner);
    let gap = inquiry.gap.or(unrecalled.then_some(InquiryGap::Delegation));
    Ok(Inquiry { gap, ..inquiry })
}
