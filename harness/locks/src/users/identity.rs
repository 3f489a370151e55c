use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use super::DeviceNumber;
use super::root::{Seen, seen};
use crate::lock_table::FileKey;

/// A surveyed file, by all the names under which its users can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    /// Its absolute path in this mount namespace, as the kernel shows it. A deleted file has a path
    /// that leads nowhere.
    pub(crate) path: PathBuf,
    /// Its device and inode number in stat(2).
    pub(crate) stat: FileKey,
    /// Its name in /proc/locks and /proc/PID/maps: the super block's device and the inode number.
    pub(crate) kernel: FileKey,
    /// Its device number, if it is a block device.
    pub(crate) block: Option<DeviceNumber>,
}

impl FileIdentity {
    /// The identity of the file of a descriptor, which may be one with `O_PATH`. `kernel` is its name
    /// in /proc/locks.
    ///
    /// # Errors
    /// Those of statx(2) and readlink(2).
    pub(crate) fn of(file: &OwnedFd, kernel: FileKey) -> io::Result<FileIdentity> {
        let Seen { file: stat, block } = seen(file)?;
        let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        Ok(FileIdentity { path, stat, kernel, block })
    }
}

/// A process that the survey has found with a descriptor of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownOpener {
    /// Its process ID.
    pub(crate) pid: i32,
    /// Whether one of its descriptors allows it to write.
    pub(crate) writable: bool,
}

/// A surveyed file, and the processes that the survey has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownFile {
    /// The file.
    pub(crate) identity: FileIdentity,
    /// The processes with a descriptor of the file, with or without a lock.
    pub(crate) openers: Vec<KnownOpener>,
}
