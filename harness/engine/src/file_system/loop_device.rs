use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::raw::loop_device::{configure, free_number};

/// The most attempts, since another process may take a free device first.
const ATTEMPTS: usize = 64;

/// A loop device that shows a file. The kernel detaches the file when neither
/// this value nor a mount uses the device any more.
#[derive(Debug)]
pub struct LoopDevice {
    path: PathBuf,
    _device: File,
}

impl LoopDevice {
    /// Attaches `image`, which may be unlinked afterwards.
    ///
    /// # Errors
    /// When no loop device is available.
    pub fn of(image: &Path) -> io::Result<LoopDevice> {
        let writable = || OpenOptions::new().read(true).write(true).clone();
        let file = writable().open(image)?;
        let control = writable().open("/dev/loop-control")?;
        for _ in 0..ATTEMPTS {
            let path = PathBuf::from(format!("/dev/loop{}", free_number(&control)?));
            let device = writable().open(&path)?;
            match configure(&device, &file) {
                Ok(()) => return Ok(LoopDevice { path, _device: device }),
                Err(Errno::EBUSY) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(Errno::EBUSY.into())
    }

    /// The path of its device node, such as `/dev/loop3`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
