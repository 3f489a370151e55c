use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::lock::KernelLocks;
use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};

/// The name of a file in /proc/locks: device and inode number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FileKey {
    /// The major number of the super block's device.
    pub major: u32,
    /// The minor number of the super block's device.
    pub minor: u32,
    /// The inode number.
    pub inode: u64,
}

impl FileKey {
    /// The file with this inode number on this device.
    pub const fn new(major: u32, minor: u32, inode: u64) -> FileKey {
        FileKey { major, minor, inode }
    }

    /// Parses `fe:00:1043`: the major and minor number in hexadecimal, then the inode number. Returns
    /// `None` for `<none>:0`, a file that no longer exists.
    pub fn parse(text: &str) -> Option<FileKey> {
        let mut parts = text.split(':');
        let major = u32::from_str_radix(parts.next()?, 16).ok()?;
        let minor = u32::from_str_radix(parts.next()?, 16).ok()?;
        Some(FileKey { major, minor, inode: parts.next()?.parse().ok()? })
    }

    /// Determines the name of the file at `path` in /proc/locks, by locking a byte that no other
    /// program uses.
    ///
    /// # Errors
    /// If the file cannot be opened, or if neither kind of lock works on it.
    pub fn learn(path: &Path) -> io::Result<FileKey> {
        let file = File::open(path)?;
        let byte = RangeSpec::byte(i64::MAX - 1);
        let mut refused = None;
        for backend in Backend::ALL {
            let mut locks = KernelLocks::new(file.as_fd(), backend);
            if let Err(error) = locks.set(LockType::Read, byte) {
                refused = Some(error);
                continue;
            }
            let shown = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
            // Closing the file drops the lock as well, but not every FUSE server is notified of a close.
            let _ = locks.unlock(byte);
            let mut lines = shown.lines().filter_map(|line| line.strip_prefix("lock:"));
            // It is the only word of such a line that can be read as a key.
            if let Some(key) = lines.find_map(|line| line.split(' ').find_map(FileKey::parse)) {
                return Ok(key);
            }
        }
        let why = refused
            .map_or("the kernel does not show a lock of this process".to_owned(), |e| {
                e.to_string()
            });
        Err(io::Error::other(format!("{}: {why}", path.display())))
    }
}

impl fmt::Display for FileKey {
    /// Prints `fe:00:1043`, as in /proc/locks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}:{}", self.major, self.minor, self.inode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock_table::line::lines_where;

    #[test]
    fn a_file_is_known_by_what_the_kernel_prints() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let other = tempfile::NamedTempFile::new().expect("a file");
        let key = FileKey::learn(file.path()).expect("a key");
        assert_eq!(key, FileKey::learn(file.path()).expect("the same key"));
        assert_ne!(key, FileKey::learn(other.path()).expect("another key"));
        assert!(lines_where(|line| line.file == key).expect("/proc/locks").is_empty());
    }

    #[test]
    fn a_key_is_read_as_it_is_printed() {
        let key = FileKey::new(0xfe, 0, 1043);
        assert_eq!(key.to_string(), "fe:00:1043");
        assert_eq!(FileKey::parse("fe:00:1043"), Some(key));
        assert_eq!(FileKey::parse("<none>:0"), None);
    }
}
