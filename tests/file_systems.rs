//! The embedded scenarios on real file systems, each made for the purpose and
//! mounted in a mount namespace of its own, which ends with the run.
//!
//! It takes root and the file system's mkfs. Without them a case is skipped
//! and says why, unless `IMGLOCK_REQUIRE` names `file-systems`.

mod outside;

use std::path::Path;
use std::process::Command;

use outside::is_skipped;
use rstest::rstest;

/// The smallest image that mkfs.xfs and mkfs.btrfs accept, and some more.
const IMAGE_BYTES: u64 = 400 << 20;

#[rstest]
#[case::ext4("mkfs.ext4", "mkfs.ext4 -q $image && mount -o loop $image $dir")]
#[case::xfs("mkfs.xfs", "mkfs.xfs -q $image && mount -o loop $image $dir")]
#[case::btrfs("mkfs.btrfs", "mkfs.btrfs -q $image && mount -o loop $image $dir")]
#[case::tmpfs("mount", "mount -t tmpfs tmpfs $dir")]
#[case::overlay(
    "mount",
    "mount -t tmpfs tmpfs $base && mkdir $base/l $base/u $base/w && \
     mount -t overlay -o lowerdir=$base/l,upperdir=$base/u,workdir=$base/w overlay $dir"
)]
fn every_scenario_passes_on(#[case] needs: &str, #[case] mount: &str) {
    if is_skipped("file-systems", missing(needs)) {
        return;
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let [image, dir, base] = ["image", "dir", "base"].map(|name| scratch.path().join(name));
    let file = std::fs::File::create(&image).expect("an image");
    file.set_len(IMAGE_BYTES).expect("an image of that size");
    for directory in [&dir, &base] {
        std::fs::create_dir(directory).expect("a directory");
    }
    let script = format!(
        "{mount} || exit 99; $imglock run --dir $dir && $imglock matrix --dir $dir; \
         status=$?; umount $dir; exit $status"
    );
    let run = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script])
        .env("image", &image)
        .env("dir", &dir)
        .env("base", &base)
        .env("imglock", env!("CARGO_BIN_EXE_imglock"))
        .output()
        .expect("unshare runs");
    let (text, errors) =
        (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "\n{text}{errors}");
    assert!(text.contains(" passed, 0 failed, 0 skipped, 0 timed out"), "\n{text}");
}

fn missing(command: &str) -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("mounting a file system takes root".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join(command)).any(|program| program.exists());
    (!found).then(|| format!("{command} is not installed"))
}
