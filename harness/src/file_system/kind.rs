use strum::{EnumIter, IntoEnumIterator};

use crate::word;

/// A file system that can be made for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter)]
pub enum FileSystem {
    /// ext4, on a loop device.
    Ext4,
    /// XFS, on a loop device.
    Xfs,
    /// Btrfs, on a loop device; its device in /proc/locks is not that of
    /// stat(2).
    Btrfs,
    /// F2FS, on a loop device.
    F2fs,
    /// tmpfs, in memory.
    Tmpfs,
    /// overlayfs: an empty directory over another one, both on a tmpfs.
    Overlay,
}

/// The program that makes a file system on an image, and how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maker {
    /// Its name, such as `mkfs.ext4`.
    pub program: &'static str,
    /// Debian's package that it is in.
    pub package: &'static str,
    /// What it is told besides the image: to be quiet, and not to ask.
    pub arguments: &'static [&'static str],
}

impl FileSystem {
    /// Each of them, in the order in which they are tried.
    pub fn all() -> impl Iterator<Item = FileSystem> {
        FileSystem::iter()
    }

    /// Its name on the command line, and that of the place it makes.
    pub fn name(self) -> &'static str {
        match self {
            FileSystem::Ext4 => "ext4",
            FileSystem::Xfs => "xfs",
            FileSystem::Btrfs => "btrfs",
            FileSystem::F2fs => "f2fs",
            FileSystem::Tmpfs => "tmpfs",
            FileSystem::Overlay => "overlay",
        }
    }

    /// The one called `name`.
    ///
    /// # Errors
    /// With the name that looks most like it, when there is none.
    pub fn named(name: &str) -> Result<FileSystem, Option<&'static str>> {
        let found = FileSystem::all().find(|kind| kind.name() == name);
        let names: Vec<&'static str> = FileSystem::all().map(FileSystem::name).collect();
        found.ok_or_else(|| word::nearest(name, &names))
    }

    /// What makes it; `None` for one that needs no device.
    pub fn maker(self) -> Option<Maker> {
        let (program, package): (_, _) = match self {
            FileSystem::Ext4 => ("mkfs.ext4", "e2fsprogs"),
            FileSystem::Xfs => ("mkfs.xfs", "xfsprogs"),
            FileSystem::Btrfs => ("mkfs.btrfs", "btrfs-progs"),
            FileSystem::F2fs => ("mkfs.f2fs", "f2fs-tools"),
            FileSystem::Tmpfs | FileSystem::Overlay => return None,
        };
        let arguments: &[&str] = match self {
            FileSystem::Ext4 => &["-q", "-F"],
            _ => &["-q", "-f"],
        };
        Some(Maker { program, package, arguments })
    }

    /// The kernel modules that it takes, where they are not built in.
    pub fn modules(self) -> &'static [&'static str] {
        match self {
            FileSystem::Ext4 => &["loop", "ext4"],
            FileSystem::Xfs => &["loop", "xfs"],
            FileSystem::Btrfs => &["loop", "btrfs"],
            FileSystem::F2fs => &["loop", "f2fs"],
            FileSystem::Tmpfs => &[],
            FileSystem::Overlay => &["overlay"],
        }
    }
}
