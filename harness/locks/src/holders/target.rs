use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Statx, StatxFlags};

use crate::ask::{self, Inquiry, Manner, NotAsked};
use crate::image::not_an_image;
use crate::lock_table::FileKey;
use crate::reach::{Mounts, Reach, number};
use crate::users::FileIdentity;

/// The name of a file in stat(2): device and inode number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StatKey {
    pub(super) device: (u32, u32),
    pub(super) inode: u64,
}

/// A file to survey. The `O_PATH` descriptor keeps the inode alive. It does not open the file, and
/// closing it drops no POSIX locks.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) stat: StatKey,
    pub(super) size: u64,
    /// The expected name in /proc/locks, as far as it can be determined without a lock.
    pub(super) key: FileKey,
    /// How far locks on it reach.
    pub(super) reach: Reach,
    /// Whether a server may keep locks that the kernel does not show.
    pub(super) may_hide: bool,
    /// What it is, if it is neither a regular file nor a block device.
    pub(super) not_an_image: Option<&'static str>,
    /// Its absolute path, unless the name is gone.
    pub(super) name: Option<Vec<u8>>,
    /// Whether the path leads to another file by now.
    pub(super) replaced: bool,
    /// Whether the path leads to no image by now.
    pub(super) is_lost: bool,
    held: Arc<OwnedFd>,
}

impl Target {
    /// Finds the file at `path`. Symbolic links are followed, including those of /proc/PID/fd.
    pub(super) fn find(path: &Path, mounts: &mut Mounts) -> io::Result<Target> {
        let held = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let status = look(held.as_fd(), c"", AtFlags::EMPTY_PATH)?;
        let stat = stat_key(&status);
        let info =
            std::fs::read_to_string(format!("/proc/thread-self/fdinfo/{}", held.as_raw_fd()))?;
        // Both numbers come from the kernel. fdinfo has the inode number since Linux 5.14; on older
        // kernels the one of stat(2) is used.
        let mount = number(&info, "mnt_id:").and_then(|mount| mounts.find(mount));
        let device = mount.as_ref().map_or(stat.device, |mount| mount.device);
        let inode = number(&info, "ino:").unwrap_or(stat.inode);
        let key = FileKey::new(device.0, device.1, inode);
        let kind = FileType::from_raw_mode(status.stx_mode.into());
        Ok(Target {
            path: path.to_owned(),
            stat,
            size: status.stx_size,
            key,
            reach: Reach::new(mount.as_ref(), kind),
            may_hide: mount.as_ref().is_some_and(|mount| mount.may_hide()),
            not_an_image: not_an_image(status.stx_mode.into()),
            name: name_of(&held),
            replaced: false,
            is_lost: false,
            held: Arc::new(held),
        })
    }

    /// Asks the kernel about the locks of others.
    pub(super) fn ask(&self, posix_locked: bool) -> Result<Inquiry, NotAsked> {
        let manner = match self.reach.file_system.as_str() {
            "nfs4" => Manner::Recalling,
            "cifs" | "smb3" => Manner::Sparing,
            _ => Manner::Whole,
        };
        ask::ask(&self.held, posix_locked, manner)
    }

    /// The names by which users of its bytes are found. `key` is its name in /proc/locks.
    pub(super) fn identity(&self, key: FileKey) -> io::Result<FileIdentity> {
        FileIdentity::of(&self.held, key)
    }

    /// Returns whether a file in /proc/locks can be this one, by its inode number.
    pub(super) fn may_be(&self, key: FileKey) -> bool {
        [self.stat.inode, self.key.inode].contains(&key.inode)
    }

    /// Returns whether the name in /proc/locks differs from that of stat(2). Other files may then
    /// have the same name.
    pub(super) fn is_ambiguous(&self, key: FileKey) -> bool {
        (key.major, key.minor) != self.stat.device
    }
}

/// The name of a file in /proc/locks, as far as it can be determined without a lock.
pub(crate) fn expected_key(path: &Path) -> io::Result<FileKey> {
    Target::find(path, &mut Mounts::default()).map(|target| target.key)
}

/// What the kernel appends to the name of a deleted file (proc_pid_fd(5)).
pub(super) const DELETED: &[u8] = b" (deleted)";

/// The absolute path of an open file, unless the name is gone.
fn name_of(held: &OwnedFd) -> Option<Vec<u8>> {
    let link = format!("/proc/thread-self/fd/{}", held.as_raw_fd());
    let name = rustix::fs::readlink(link, Vec::new()).ok()?.into_bytes();
    (!name.ends_with(DELETED)).then_some(name)
}

/// `statx(2)` from the kernel's cache (`AT_STATX_DONT_SYNC`), so that a survey does not hang if the
/// server of a network file system is unreachable.
pub(super) fn look(
    directory: impl AsFd,
    name: &std::ffi::CStr,
    flags: AtFlags,
) -> rustix::io::Result<Statx> {
    let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    rustix::fs::statx(directory, name, flags, StatxFlags::INO | StatxFlags::SIZE | StatxFlags::TYPE)
}

pub(super) fn stat_key(status: &Statx) -> StatKey {
    StatKey { device: (status.stx_dev_major, status.stx_dev_minor), inode: status.stx_ino }
}
