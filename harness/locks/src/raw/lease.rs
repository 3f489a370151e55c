use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::libc::{F_SETLEASE, F_WRLCK, fcntl};

/// `fcntl(fd, F_SETLEASE, F_WRLCK)`—takes a write lease on a regular file that no other process has
/// open. It lasts until the file is closed.
///
/// # Errors
/// The errno of fcntl(2): a file system without leases, or another open of the file.
pub(crate) fn take_write_lease(file: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is open, and this command has no pointer argument.
    match unsafe { fcntl(file.as_raw_fd(), F_SETLEASE, F_WRLCK) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
