//! Real file systems, made for the purpose and mounted in a mount namespace of
//! their own, which ends with the command that is run in it.
//!
//! It takes root and the file system's mkfs. Without them a test is skipped
//! and says why, unless `IMGLOCK_REQUIRE` names `file-systems`.

use std::process::{Command, Output};

use super::{is_met, not_installed, not_root};

/// The smallest image that mkfs.xfs and mkfs.btrfs accept, and some more.
const IMAGE_BYTES: u64 = 400 << 20;

/// A file system and how to make it, in the words of a shell: `$image` is a
/// file, `$dir` the mount point, `$base` an empty directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSystem {
    /// The program that it takes.
    needs: &'static str,
    mount: &'static str,
}

/// Journalled, on an image of its own.
pub const EXT4: FileSystem =
    FileSystem { needs: "mkfs.ext4", mount: "mkfs.ext4 -q $image && mount -o loop $image $dir" };
/// Likewise.
pub const XFS: FileSystem =
    FileSystem { needs: "mkfs.xfs", mount: "mkfs.xfs -q $image && mount -o loop $image $dir" };
/// Its device in /proc/locks is not that of stat(2).
pub const BTRFS: FileSystem =
    FileSystem { needs: "mkfs.btrfs", mount: "mkfs.btrfs -q $image && mount -o loop $image $dir" };
/// In memory.
pub const TMPFS: FileSystem = FileSystem { needs: "mount", mount: "mount -t tmpfs tmpfs $dir" };
/// Two directories of a tmpfs, one over the other.
pub const OVERLAY: FileSystem = FileSystem {
    needs: "mount",
    mount: "mount -t tmpfs tmpfs $base && mkdir $base/l $base/u $base/w && \
            mount -t overlay -o lowerdir=$base/l,upperdir=$base/u,workdir=$base/w overlay $dir",
};

/// Runs `script` with sh: `$dir` is on the file system, `$imglock` the command.
/// `None`, with the reason on standard error, if the file system is not
/// available.
pub fn output_on(file_system: FileSystem, script: &str) -> Option<Output> {
    let FileSystem { needs, mount } = file_system;
    let missing = not_root("mounting a file system").or_else(|| not_installed(needs));
    if !is_met("file-systems", missing) {
        return None;
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let [image, dir, base] = ["image", "dir", "base"].map(|name| scratch.path().join(name));
    let file = std::fs::File::create(&image).expect("an image");
    file.set_len(IMAGE_BYTES).expect("an image of that size");
    for directory in [&dir, &base] {
        std::fs::create_dir(directory).expect("a directory");
    }
    let script = format!("{mount} || exit 99; {script}; status=$?; umount $dir; exit $status");
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .env("image", &image)
        .env("dir", &dir)
        .env("base", &base)
        .env("imglock", env!("CARGO_BIN_EXE_imglock"))
        .output();
    Some(output.expect("unshare runs"))
}
