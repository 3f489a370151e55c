//! An io_uring instance as a second holder of a worker's open file.

use nix::errno::Errno;
use std::os::fd::RawFd;

use io_uring::IoUring;

/// The smallest submission queue; nothing is ever submitted.
const ENTRIES: u32 = 1;

/// `io_uring_register(IORING_REGISTER_FILES)`—lets an io_uring instance refer
/// to the open file description of `fd`.
///
/// The instance lives until the process ends. The kernel frees it only after
/// that, in a work queue; until then an OFD lock on that description remains.
///
/// # Errors
/// `ENOSYS` on a kernel without io_uring, `EPERM` where it is not allowed, and
/// `ENOMEM` beyond the limit of locked memory.
#[doc(alias = "IORING_REGISTER_FILES")]
pub(super) fn register(fd: RawFd) -> Result<(), Errno> {
    let ring = IoUring::new(ENTRIES).map_err(errno)?;
    ring.submitter().register_files(&[fd]).map_err(errno)?;
    // A worker keeps nothing between requests; the kernel keeps the instance.
    std::mem::forget(ring);
    Ok(())
}

fn errno(error: std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    /// Whether the other end of the pipe is closed.
    fn has_ended(pipe: &std::io::PipeReader) -> bool {
        let mut polled = [PollFd::new(pipe, PollFlags::IN)];
        poll(&mut polled, Some(&Timespec::default())).expect("poll works");
        polled[0].revents().contains(PollFlags::HUP)
    }

    #[test]
    fn a_registered_description_outlives_its_last_descriptor() {
        let (kept, write) = std::io::pipe().expect("a pipe");
        if let Err(errno) = register(write.as_raw_fd()) {
            let without = [Errno::ENOSYS, Errno::EPERM, Errno::ENOMEM];
            return assert!(without.contains(&errno), "not one of those documented: {errno}");
        }
        drop(write);
        assert!(!has_ended(&kept));

        let (lost, write) = std::io::pipe().expect("a pipe");
        drop(write);
        assert!(has_ended(&lost));
    }

    #[test]
    fn a_descriptor_that_is_not_open_cannot_be_registered() {
        assert!(register(i32::MAX).is_err());
    }
}
