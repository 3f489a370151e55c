//! Operations on the served files, as system calls on the files themselves.

use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fuser::{FileAttr, FileHandle, INodeNo, TimeOrNow};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags, SeekFrom, StatVfs, Timestamps,
};
use rustix::fs::{Gid, Uid};
use rustix::io::{Errno, Result};

use super::attributes::timespec;
use super::directory::Listing;
use super::handles::Handles;
use super::inodes::{Inodes, path_of};

/// A directory and its content.
#[derive(Debug)]
pub(super) struct Tree {
    pub inodes: Inodes,
    pub files: Handles<File>,
    pub listings: Handles<Mutex<Listing>>,
}

/// The user who created a file, and becomes its owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maker {
    pub uid: u32,
    pub gid: u32,
}

/// The attributes of a file to change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub size: Option<u64>,
    pub accessed: Option<TimeOrNow>,
    pub modified: Option<TimeOrNow>,
    pub through: Option<FileHandle>,
}

impl Tree {
    pub fn of(directory: &Path) -> Result<Tree> {
        let inodes = Inodes::of(directory)?;
        Ok(Tree { inodes, files: Handles::default(), listings: Handles::default() })
    }

    pub fn change(&self, number: INodeNo, change: Change) -> Result<FileAttr> {
        let descriptor = self.inodes.descriptor(number)?;
        let path = path_of(&descriptor);
        if let Some(mode) = change.mode {
            rustix::fs::chmod(&path, Mode::from_raw_mode(mode))?;
        }
        if change.uid.is_some() || change.gid.is_some() {
            give(&descriptor, change.uid, change.gid)?;
        }
        if let Some(size) = change.size {
            match change.through {
                Some(handle) => rustix::fs::ftruncate(&*self.files.get(handle)?, size)?,
                None => rustix::fs::ftruncate(&self.reopened(number, OFlags::WRONLY)?, size)?,
            }
        }
        if change.accessed.is_some() || change.modified.is_some() {
            let times = Timestamps {
                last_access: timespec(change.accessed),
                last_modification: timespec(change.modified),
            };
            rustix::fs::utimensat(CWD, &path, &times, AtFlags::empty())?;
        }
        self.inodes.attributes(number)
    }

    pub fn open(&self, number: INodeNo, flags: i32) -> Result<FileHandle> {
        Ok(self.files.add(File::from(self.reopened(number, opened_with(flags))?)))
    }

    pub fn create(
        &self,
        (directory, name): (INodeNo, &OsStr),
        mode: u32,
        flags: i32,
        maker: Maker,
    ) -> Result<(FileAttr, FileHandle)> {
        let parent = self.inodes.descriptor(directory)?;
        let flags = opened_with(flags) | (bits(flags) & OFlags::EXCL);
        let flags = flags | OFlags::CREATE | OFlags::NOFOLLOW;
        let existed = self.exists(directory, name);
        let file = rustix::fs::openat(&*parent, name, flags, Mode::from_raw_mode(mode))?;
        if !existed {
            give(&file, Some(maker.uid), Some(maker.gid))?;
        }
        let attributes = self.inodes.find(directory, name)?;
        Ok((attributes, self.files.add(File::from(file))))
    }

    pub fn make_node(
        &self,
        (directory, name): (INodeNo, &OsStr),
        mode: u32,
        device: u32,
        maker: Maker,
    ) -> Result<FileAttr> {
        let parent = self.inodes.descriptor(directory)?;
        let kind = rustix::fs::FileType::from_raw_mode(mode);
        let mode = Mode::from_raw_mode(mode);
        rustix::fs::mknodat(&*parent, name, kind, mode, device.into())?;
        self.made(directory, name, maker)
    }

    pub fn make_directory(
        &self,
        (directory, name): (INodeNo, &OsStr),
        mode: u32,
        maker: Maker,
    ) -> Result<FileAttr> {
        let parent = self.inodes.descriptor(directory)?;
        rustix::fs::mkdirat(&*parent, name, Mode::from_raw_mode(mode))?;
        self.made(directory, name, maker)
    }

    pub fn make_symlink(
        &self,
        (directory, name): (INodeNo, &OsStr),
        target: &Path,
        maker: Maker,
    ) -> Result<FileAttr> {
        rustix::fs::symlinkat(target, &*self.inodes.descriptor(directory)?, name)?;
        self.made(directory, name, maker)
    }

    pub fn read_link(&self, number: INodeNo) -> Result<PathBuf> {
        let target = rustix::fs::readlinkat(&*self.inodes.descriptor(number)?, "", Vec::new())?;
        Ok(PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(target.to_bytes())))
    }

    pub fn link(&self, number: INodeNo, directory: INodeNo, name: &OsStr) -> Result<FileAttr> {
        let path = path_of(&*self.inodes.descriptor(number)?);
        let parent = self.inodes.descriptor(directory)?;
        rustix::fs::linkat(CWD, &path, &*parent, name, AtFlags::SYMLINK_FOLLOW)?;
        self.inodes.find(directory, name)
    }

    pub fn unlink(&self, directory: INodeNo, name: &OsStr, flags: AtFlags) -> Result<()> {
        rustix::fs::unlinkat(&*self.inodes.descriptor(directory)?, name, flags)
    }

    pub fn rename(
        &self,
        (directory, name): (INodeNo, &OsStr),
        (new_directory, new_name): (INodeNo, &OsStr),
        flags: RenameFlags,
    ) -> Result<()> {
        let (from, to) =
            (self.inodes.descriptor(directory)?, self.inodes.descriptor(new_directory)?);
        rustix::fs::renameat_with(&*from, name, &*to, new_name, flags)
    }

    pub fn read(&self, handle: FileHandle, offset: u64, size: u32) -> Result<Vec<u8>> {
        let file = self.files.get(handle)?;
        let mut data = vec![0; usize::try_from(size).unwrap_or(0)];
        let mut filled = 0;
        while filled < data.len() {
            match file.read_at(&mut data[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(&error)),
            }
        }
        data.truncate(filled);
        Ok(data)
    }

    pub fn write(&self, handle: FileHandle, offset: u64, data: &[u8]) -> Result<u32> {
        self.files.get(handle)?.write_all_at(data, offset).map_err(|error| errno(&error))?;
        data.len().try_into().map_err(|_| Errno::INVAL)
    }

    pub fn synchronize(&self, handle: FileHandle, only_data: bool) -> Result<()> {
        let file = self.files.get(handle)?;
        match only_data {
            true => rustix::fs::fdatasync(&*file),
            false => rustix::fs::fsync(&*file),
        }
    }

    pub fn allocate(&self, handle: FileHandle, mode: i32, offset: u64, size: u64) -> Result<()> {
        let flags = FallocateFlags::from_bits_retain(mode.cast_unsigned());
        rustix::fs::fallocate(&*self.files.get(handle)?, flags, offset, size)
    }

    /// The next data or hole; the kernel answers all other seeks itself.
    pub fn seek(&self, handle: FileHandle, offset: i64, whence: i32) -> Result<i64> {
        let from = u64::try_from(offset).map_err(|_| Errno::NXIO)?;
        let to = match whence {
            nix::libc::SEEK_DATA => SeekFrom::Data(from),
            nix::libc::SEEK_HOLE => SeekFrom::Hole(from),
            _ => return Err(Errno::INVAL),
        };
        let found = rustix::fs::seek(&*self.files.get(handle)?, to)?;
        found.try_into().map_err(|_| Errno::OVERFLOW)
    }

    pub fn open_directory(&self, number: INodeNo) -> Result<FileHandle> {
        let descriptor = self.reopened(number, OFlags::RDONLY | OFlags::DIRECTORY)?;
        Ok(self.listings.add(Mutex::new(Listing::of(descriptor))))
    }

    pub fn space(&self, number: INodeNo) -> Result<StatVfs> {
        rustix::fs::fstatvfs(&*self.inodes.descriptor(number)?)
    }

    fn reopened(&self, number: INodeNo, flags: OFlags) -> Result<OwnedFd> {
        let path = path_of(&*self.inodes.descriptor(number)?);
        rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty())
    }

    fn exists(&self, directory: INodeNo, name: &OsStr) -> bool {
        let parent = self.inodes.descriptor(directory);
        let stat = |parent: std::sync::Arc<OwnedFd>| {
            rustix::fs::statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW)
        };
        parent.and_then(stat).is_ok()
    }

    /// Gives a file that has just been made to its maker.
    fn made(&self, directory: INodeNo, name: &OsStr, maker: Maker) -> Result<FileAttr> {
        let found = self.inodes.find(directory, name)?;
        let descriptor = self.inodes.descriptor(found.ino)?;
        give(&descriptor, Some(maker.uid), Some(maker.gid))?;
        self.inodes.attributes(found.ino)
    }
}

fn give(file: &OwnedFd, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
    rustix::fs::chownat(file, "", uid, gid, AtFlags::EMPTY_PATH)
}

fn bits(flags: i32) -> OFlags {
    OFlags::from_bits_retain(flags.cast_unsigned())
}

/// The flags for the server's own open of a file that is opened with `flags`.
/// The kernel itself decides where to append, and no access through the
/// server's buffers is direct.
fn opened_with(flags: i32) -> OFlags {
    let kept = OFlags::RWMODE | OFlags::TRUNC | OFlags::DSYNC | OFlags::SYNC | OFlags::NOATIME;
    (bits(flags) & kept) | OFlags::CLOEXEC
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
