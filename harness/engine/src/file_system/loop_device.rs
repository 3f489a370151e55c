use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::raw::loop_device::{configure, free_number};

/// How often a device may be taken by somebody else in between.
const ATTEMPTS: usize = 64;

/// A loop device that shows a file. It lets go of the file once nobody uses
/// the device any more: neither this nor a mount.
#[derive(Debug)]
pub struct LoopDevice {
    path: PathBuf,
    _device: File,
}

impl LoopDevice {
    /// Shows `image`, which may lose its name afterwards.
    ///
    /// # Errors
    /// When there is no loop device to be had.
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

    /// Its node, such as `/dev/loop3`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
