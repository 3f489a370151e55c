use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::{FileAttr, INodeNo};
use rustix::fs::{Mode, OFlags, Stat, fstat, open, openat};
use rustix::io::{Errno, Result};

use super::attributes::attributes;

/// The files that the kernel knows, each with an `O_PATH` descriptor.
///
/// A file keeps the inode number that it has in the served directory, whatever
/// the number of its names. The descriptor prevents reuse of a deleted file's
/// number while the kernel knows the file.
#[derive(Debug)]
pub(super) struct Inodes {
    /// The device of the served directory.
    device: u64,
    /// The inode number of the served directory.
    top: u64,
    known: Mutex<HashMap<INodeNo, Inode>>,
}

#[derive(Debug)]
struct Inode {
    descriptor: Arc<OwnedFd>,
    /// The number of lookups that the kernel has not taken back by "forget".
    lookups: u64,
}

impl Inodes {
    /// The inodes of `directory`.
    pub fn of(directory: &Path) -> Result<Inodes> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = open(directory, flags, Mode::empty())?;
        let stat = fstat(&descriptor)?;
        let top = Inode { descriptor: Arc::new(descriptor), lookups: 1 };
        let known = Mutex::new(HashMap::from([(INodeNo::ROOT, top)]));
        Ok(Inodes { device: stat.st_dev, top: stat.st_ino, known })
    }

    /// The descriptor of a file that the kernel knows.
    pub fn descriptor(&self, number: INodeNo) -> Result<Arc<OwnedFd>> {
        let known = self.known();
        known.get(&number).map(|inode| Arc::clone(&inode.descriptor)).ok_or(Errno::STALE)
    }

    /// The attributes of a file that the kernel knows.
    pub fn attributes(&self, number: INodeNo) -> Result<FileAttr> {
        Ok(attributes(number, &fstat(self.descriptor(number)?)?))
    }

    /// Looks up `name` in a directory; from here on the kernel knows the file.
    pub fn find(&self, directory: INodeNo, name: &OsStr) -> Result<FileAttr> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = self.descriptor(directory)?;
        let descriptor = openat(&*directory, name, flags, Mode::empty())?;
        let stat = fstat(&descriptor)?;
        let number = self.number(&stat)?;
        let mut known = self.known();
        let fresh = || Inode { descriptor: Arc::new(descriptor), lookups: 0 };
        known.entry(number).or_insert_with(fresh).lookups += 1;
        Ok(attributes(number, &stat))
    }

    /// Takes back `times` lookups of a file. After the last one the file is
    /// dropped, unless it has a name and `is_wanted`. Returns whether it was
    /// dropped.
    pub fn forget(&self, number: INodeNo, times: u64, is_wanted: bool) -> bool {
        let mut known = self.known();
        let Some(inode) = known.get_mut(&number) else { return false };
        inode.lookups = inode.lookups.saturating_sub(times);
        let named = fstat(&inode.descriptor).is_ok_and(|stat| stat.st_nlink > 0);
        let gone = number != INodeNo::ROOT && inode.lookups == 0 && !(is_wanted && named);
        if gone {
            known.remove(&number);
        }
        gone
    }

    /// The number by which the kernel knows a file.
    pub fn number(&self, stat: &Stat) -> Result<INodeNo> {
        match stat.st_ino {
            // Another file system mounted there has its own inode numbers.
            _ if stat.st_dev != self.device => Err(Errno::XDEV),
            top if top == self.top => Ok(INodeNo::ROOT),
            1 => Err(Errno::XDEV),
            other => Ok(INodeNo(other)),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<INodeNo, Inode>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path by which an `O_PATH` descriptor is reopened.
pub(super) fn path_of(descriptor: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_raw_fd())
}
