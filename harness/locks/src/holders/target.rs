use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use procfs::process::Process as ProcProcess;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Statx, StatxFlags};

use super::hidden;
use crate::lock_table::FileKey;
use imglock_core::{ByteRange, LockType};

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
    /// Whether the file system may keep locks that the kernel does not show.
    pub(super) may_hide: bool,
    held: OwnedFd,
}

impl Target {
    /// Finds the file at `path`. Symbolic links are followed, including those of /proc/PID/fd.
    pub(super) fn find(path: &Path, mounts: &mut Mounts) -> io::Result<Target> {
        let held = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let status = look(held.as_fd(), c"", AtFlags::EMPTY_PATH)?;
        let stat = stat_key(&status);
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", held.as_raw_fd()))?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        // Both numbers come from the kernel. fdinfo has the inode number since Linux 5.14; on older
        // kernels the one of stat(2) is used.
        let mount = field("mnt_id:").and_then(|mount| mounts.find(mount));
        let device = mount.map_or(stat.device, |mount| mount.device);
        let may_hide = mount.is_some_and(|mount| mount.may_hide);
        let inode = field("ino:").unwrap_or(stat.inode);
        let key = FileKey::new(device.0, device.1, inode);
        Ok(Target { path: path.to_owned(), stat, size: status.stx_size, key, may_hide, held })
    }

    /// The locks that the kernel does not show.
    pub(super) fn hidden_locks(&self) -> Vec<(LockType, ByteRange)> {
        if self.may_hide { hidden::locks(self.held.as_fd()) } else { Vec::new() }
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

/// The devices of mounted file systems, read when they are first needed.
#[derive(Debug, Default)]
pub(super) struct Mounts(Option<Vec<Mount>>);

#[derive(Debug, Clone, Copy)]
struct Mount {
    id: u64,
    /// The device of the super block.
    device: (u32, u32),
    may_hide: bool,
}

impl Mounts {
    /// Returns `None` for a mount that is not visible to this process.
    fn find(&mut self, id: u64) -> Option<Mount> {
        let mounts = self.0.get_or_insert_with(read_mounts);
        mounts.iter().find(|mount| mount.id == id).copied()
    }
}

fn read_mounts() -> Vec<Mount> {
    let Ok(mounts) = ProcProcess::myself().and_then(|process| process.mountinfo()) else {
        return Vec::new();
    };
    let device = |text: &str| {
        let (major, minor) = text.split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let mount = |mount: &procfs::process::MountInfo| {
        let kind = mount.fs_type.as_str();
        let may_hide = kind == "fuse" || kind.starts_with("fuse.") || kind == "virtiofs";
        let id = u64::try_from(mount.mnt_id).ok()?;
        Some(Mount { id, device: device(&mount.majmin)?, may_hide })
    };
    mounts.0.iter().filter_map(mount).collect()
}

/// `statx(2)` from the kernel's cache (`AT_STATX_DONT_SYNC`), so that a survey does not hang if the
/// server of a network file system is unreachable.
pub(super) fn look(
    directory: impl AsFd,
    name: &std::ffi::CStr,
    flags: AtFlags,
) -> rustix::io::Result<Statx> {
    let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    rustix::fs::statx(directory, name, flags, StatxFlags::INO | StatxFlags::SIZE)
}

pub(super) fn stat_key(status: &Statx) -> StatKey {
    StatKey { device: (status.stx_dev_major, status.stx_dev_minor), inode: status.stx_ino }
}
