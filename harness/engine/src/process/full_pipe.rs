use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, write};
use rustix::pipe::{PipeFlags, pipe_with};

/// A pipe without room for another byte, reader first. A writer sleeps in
/// write(2) until the pipe is read.
pub(super) fn full_pipe() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let flags = fcntl_getfl(&writer)?;
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK)?;
    // The kernel accepts a write below one page only as a whole.
    for part in [&[0; 4096][..], &[0]] {
        while has_taken(write(&writer, part))? {}
    }
    // The flag belongs to the description, which the program inherits.
    fcntl_setfl(&writer, flags)?;
    Ok((reader, writer))
}

fn has_taken(written: Result<usize, Errno>) -> std::io::Result<bool> {
    match written {
        Ok(_) | Err(Errno::INTR) => Ok(true),
        Err(Errno::AGAIN) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    use super::*;

    fn has_room(writer: &OwnedFd) -> bool {
        let mut polled = [PollFd::new(writer, PollFlags::OUT)];
        poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).expect("a pipe") > 0
    }

    #[test]
    fn there_is_no_room_for_a_single_byte_until_somebody_reads() {
        let (reader, writer) = full_pipe().expect("a pipe");
        assert!(!has_room(&writer));
        let flags = fcntl_getfl(&writer).expect("flags");
        assert!(!flags.contains(OFlags::NONBLOCK), "a writer would get EAGAIN and not sleep");
        fcntl_setfl(&writer, flags | OFlags::NONBLOCK).expect("flags");
        assert_eq!(write(&writer, &[0]), Err(Errno::AGAIN));

        rustix::io::read(&reader, &mut [0; 4096]).expect("it is full");
        assert!(has_room(&writer));
    }
}
