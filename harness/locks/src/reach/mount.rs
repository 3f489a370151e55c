use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use procfs::process::Process;

/// A mounted file system, as proc_pid_mountinfo(5) shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) id: u64,
    /// The device of the super block.
    pub(crate) device: (u32, u32),
    /// Its type, such as `nfs4`.
    pub(crate) kind: String,
    /// What it is mounted from.
    pub(crate) source: String,
    /// The options of the super block. A flag has no value.
    pub(crate) options: BTreeMap<String, Option<String>>,
}

impl Mount {
    /// Returns whether the super block has this option, as a flag.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.contains_key(option)
    }

    /// The value of an option.
    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.options.get(option)?.as_deref()
    }

    /// Returns whether a server of user space, or of a host, may keep the locks so that the kernel
    /// does not show them.
    pub(crate) fn may_hide(&self) -> bool {
        self.kind == "fuse" || self.kind.starts_with("fuse.") || self.kind == "virtiofs"
    }
}

/// The mounts that this process sees, read when they are first needed.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Option<Vec<Mount>>);

impl Mounts {
    /// The mount of an open file. `None` for a mount that is not visible to this process.
    ///
    /// # Errors
    /// If fdinfo cannot be read.
    pub(crate) fn of(&mut self, file: BorrowedFd<'_>) -> io::Result<Option<Mount>> {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()))?;
        Ok(number(&info, "mnt_id:").and_then(|id| self.find(id)))
    }

    /// The mount with this ID.
    pub(crate) fn find(&mut self, id: u64) -> Option<Mount> {
        self.0.get_or_insert_with(read).iter().find(|mount| mount.id == id).cloned()
    }
}

/// A number in fdinfo (proc_pid_fdinfo(5)).
pub(crate) fn number(fdinfo: &str, name: &str) -> Option<u64> {
    fdinfo.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

fn read() -> Vec<Mount> {
    let Ok(mounts) = Process::myself().and_then(|process| process.mountinfo()) else {
        return Vec::new();
    };
    let device = |text: &str| {
        let (major, minor) = text.split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let mount = |mount: procfs::process::MountInfo| {
        Some(Mount {
            id: u64::try_from(mount.mnt_id).ok()?,
            device: device(&mount.majmin)?,
            kind: mount.fs_type,
            source: mount.mount_source.unwrap_or_default(),
            options: mount.super_options.into_iter().collect(),
        })
    };
    mounts.0.into_iter().filter_map(mount).collect()
}
