use imglock_core::FileSystem;

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

impl Maker {
    /// The program that makes `kind`; `None` for one that needs no device.
    pub fn of(kind: FileSystem) -> Option<Maker> {
        let (program, package) = match kind {
            FileSystem::Ext4 => ("mkfs.ext4", "e2fsprogs"),
            FileSystem::Xfs => ("mkfs.xfs", "xfsprogs"),
            FileSystem::Btrfs => ("mkfs.btrfs", "btrfs-progs"),
            FileSystem::F2fs => ("mkfs.f2fs", "f2fs-tools"),
            FileSystem::Tmpfs
            | FileSystem::Overlay
            | FileSystem::Bind
            | FileSystem::Fuse
            | FileSystem::FuseLocks => return None,
        };
        let arguments: &[&str] = match kind {
            FileSystem::Ext4 => &["-q", "-F"],
            _ => &["-q", "-f"],
        };
        Some(Maker { program, package, arguments })
    }
}
