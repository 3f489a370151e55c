use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use procfs::process::Process as ProcProcess;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Statx, StatxFlags};

use super::hidden;
use crate::lock_table::FileKey;
use imglock_core::{ByteRange, LockType};

/// What stat(2) calls a file: device and inode number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StatKey {
    pub(super) device: (u32, u32),
    pub(super) inode: u64,
}

/// A file that is to be surveyed, held on to by an `O_PATH` descriptor, which
/// neither opens it nor, when closed, drops anybody's POSIX locks.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) stat: StatKey,
    pub(super) size: u64,
    /// What /proc/locks should call it, as far as can be told without a lock.
    pub(super) key: FileKey,
    /// Whether its file system may keep locks that the kernel does not show.
    pub(super) may_hide: bool,
    held: OwnedFd,
}

impl Target {
    /// Finds the file that `path` leads to, through symbolic links, those of
    /// /proc/PID/fd included.
    pub(super) fn find(path: &Path, mounts: &mut Mounts) -> io::Result<Target> {
        let held = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let status = look(held.as_fd(), c"", AtFlags::EMPTY_PATH)?;
        let stat = stat_key(&status);
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", held.as_raw_fd()))?;
        let field = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        // Both are the kernel's own numbers. The inode's is there from Linux
        // 5.14 on; before, stat's is all there is.
        let mount = field("mnt_id:").and_then(|mount| mounts.find(mount));
        let device = mount.map_or(stat.device, |mount| mount.device);
        let may_hide = mount.is_some_and(|mount| mount.may_hide);
        let inode = field("ino:").unwrap_or(stat.inode);
        let key = FileKey::new(device.0, device.1, inode);
        Ok(Target { path: path.to_owned(), stat, size: status.stx_size, key, may_hide, held })
    }

    /// Locks that the kernel shows nowhere.
    pub(super) fn hidden_locks(&self) -> Vec<(LockType, ByteRange)> {
        if self.may_hide { hidden::locks(self.held.as_fd()) } else { Vec::new() }
    }

    /// Whether the kernel's name for the file is not stat's: then other files
    /// may have the same one.
    pub(super) fn is_ambiguous(&self, key: FileKey) -> bool {
        (key.major, key.minor) != self.stat.device
    }
}

/// The devices of mounted file systems, read when first asked for.
#[derive(Debug, Default)]
pub(super) struct Mounts(Option<Vec<Mount>>);

#[derive(Debug, Clone, Copy)]
struct Mount {
    id: u64,
    /// The device of its super block.
    device: (u32, u32),
    may_hide: bool,
}

impl Mounts {
    /// `None` for a mount that this process does not see.
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

/// `statx(2)` of what the kernel knows already (`AT_STATX_DONT_SYNC`): a
/// network file system whose server is gone must not make a survey hang.
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
