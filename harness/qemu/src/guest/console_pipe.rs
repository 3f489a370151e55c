use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

/// A named pipe for a guest's console output.
#[derive(Debug)]
pub(crate) struct ConsolePipe(File);

impl ConsolePipe {
    /// Creates the pipe at `path`.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn make(path: &Path) -> io::Result<ConsolePipe> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Also open for writing, so that end-of-file does not come before the
        // end of the machine.
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let pipe = rustix::fs::open(path, flags, Mode::empty())?;
        // A failing kernel prints much at once. A smaller pipe works, too.
        let _ = rustix::pipe::fcntl_setpipe_size(&pipe, 1 << 20);
        Ok(ConsolePipe(pipe.into()))
    }

    /// The available bytes; empty if there are none.
    pub(crate) fn read(&self) -> Vec<u8> {
        let mut bytes = vec![0; 1 << 16];
        let length = (&self.0).read(&mut bytes).unwrap_or(0);
        bytes.truncate(length);
        bytes
    }
}

/// Readable while there is output.
impl AsFd for ConsolePipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
