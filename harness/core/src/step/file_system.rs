#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// A kind of file system that `run --fs` can make. A scenario may be limited to some kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[derive(Display, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[strum(serialize_all = "kebab-case")]
pub enum FileSystem {
    /// ext4, on a block device.
    Ext4,
    /// XFS, on a block device.
    Xfs,
    /// Btrfs, on a block device.
    Btrfs,
    /// F2FS, on a block device.
    F2fs,
    /// tmpfs: the files are in memory.
    Tmpfs,
    /// overlayfs: a writable layer above a read-only layer.
    Overlay,
    /// A bind mount of a directory.
    Bind,
    /// A FUSE server serves the files. The kernel keeps their locks.
    Fuse,
    /// A FUSE server serves the files and keeps their locks.
    FuseLocks,
}

impl FileSystem {
    /// The kernel modules that this file system needs unless they are built into the kernel.
    pub fn modules(self) -> &'static [&'static str] {
        match self {
            FileSystem::Ext4 => &["loop", "ext4"],
            FileSystem::Xfs => &["loop", "xfs"],
            FileSystem::Btrfs => &["loop", "btrfs"],
            FileSystem::F2fs => &["loop", "f2fs"],
            FileSystem::Tmpfs | FileSystem::Bind => &[],
            FileSystem::Overlay => &["overlay"],
            FileSystem::Fuse | FileSystem::FuseLocks => &["fuse"],
        }
    }

    /// All kinds.
    pub const ALL: [FileSystem; 9] = [
        FileSystem::Ext4,
        FileSystem::Xfs,
        FileSystem::Btrfs,
        FileSystem::F2fs,
        FileSystem::Tmpfs,
        FileSystem::Overlay,
        FileSystem::Bind,
        FileSystem::Fuse,
        FileSystem::FuseLocks,
    ];

    /// The word in scenarios, options and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
