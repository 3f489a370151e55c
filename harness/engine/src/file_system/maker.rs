use imglock_core::FileSystem;

/// The program that makes a file system on an image, with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maker {
    /// Its name, such as `mkfs.ext4`.
    pub program: &'static str,
    /// The Debian package that contains it.
    pub package: &'static str,
    /// Its arguments besides the image: quiet, and without questions.
    pub arguments: &'static [&'static str],
}

impl Maker {
    /// The program that makes `kind`; `None` for a kind that needs no device.
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
