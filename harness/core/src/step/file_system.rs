#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// A kind of file system that can be made for a run, and that a scenario may
/// be meant for.
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
    /// Files in memory.
    Tmpfs,
    /// A layer that is written to above one that is only read.
    Overlay,
    /// A directory that is mounted in a second place.
    Bind,
    /// A process serves the files, and the kernel keeps their locks.
    Fuse,
    /// A process serves the files and their locks.
    FuseLocks,
}

impl FileSystem {
    /// The kernel modules that it takes, where they are not built in.
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

    /// All of them.
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

    /// The word that scenarios, options and reports use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
