//! `holders` where the kernel's name of a file differs from that of stat(2),
//! and where the kernel gives two files the same name.
//!
//! It takes root and mkfs.btrfs. Without them a case is skipped and says why,
//! unless `IMGLOCK_REQUIRE` names `file-systems`.

mod outside;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use imglock_core::{Backend, ByteLocks, LockType, RangeSpec};
use imglock_locks::KernelLocks;
use nix::sched::{CloneFlags, unshare};
use outside::{Folder, is_met, not_installed, not_root};
use rstest::rstest;
use serde_json::Value;

/// Runs `test` in a thread with a mount namespace of its own. The mounts end
/// with the thread, and its files and processes see them.
fn in_its_own_mounts(needs: &str, script: &str, test: impl FnOnce(&Path) + Send) {
    let missing = not_root("mounting a file system").or_else(|| not_installed(needs));
    if !is_met("file-systems", missing) {
        return;
    }
    let scratch = Folder::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNS).expect("mounts of our own");
            let script = format!("set -e; mount --make-rprivate /; {script}");
            let run = Command::new("sh")
                .args(["-c", &script])
                .current_dir(scratch.path())
                .output()
                .expect("sh runs");
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
            test(scratch.path());
            let dir = scratch.path().join("dir");
            let run = Command::new("umount").arg("-l").arg(dir).status().expect("umount runs");
            assert!(run.success());
        });
    });
}

fn open(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .expect("the image")
}

/// Read-locks one byte, as long as the file is open.
fn lock(file: &File, backend: Backend, byte: i64) {
    let mut locks = KernelLocks::new(file.as_fd(), backend);
    locks.set(LockType::Read, RangeSpec::byte(byte)).expect("nobody else is there");
}

/// The kernel's name of a file, and the granted locks on it: `ofd 100`, with
/// `?` if no known descriptor owns the lock.
fn seen(path: &Path) -> (String, Vec<String>) {
    let run = Command::new(env!("CARGO_BIN_EXE_imglock"))
        .args(["holders", "--json"])
        .arg(path)
        .output()
        .expect("imglock runs");
    let document: Value = serde_json::from_slice(&run.stdout).unwrap_or_else(|_| {
        panic!("no JSON: {}", String::from_utf8_lossy(&run.stderr));
    });
    let image = &document["images"][0];
    let words =
        |lock: &Value| format!("{} {}", lock["type"].as_str().expect("a kind"), lock["first"]);
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut locks = Vec::new();
    for holder in array(&image["holders"]) {
        locks.extend(array(&holder["locks"]).iter().map(words));
    }
    locks.extend(
        array(&image["unexplained"]).iter().map(|one| format!("{} ?", words(&one["lock"]))),
    );
    locks.sort_unstable();
    let key = image["key"].as_str().expect("a key").to_owned();
    (key, locks)
}

/// The device and inode number of stat(2), as /proc/locks would print them.
fn stat_key(path: &Path) -> String {
    let status = std::fs::metadata(path).expect("the image");
    let device = status.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    format!("{major:02x}:{minor:02x}:{}", status.ino())
}

#[rstest]
#[case::tmpfs("mount", "mkdir dir; mount -t tmpfs tmpfs dir", true)]
#[case::ext4(
    "mkfs.ext4",
    "truncate -s 64M image; mkfs.ext4 -q image; mkdir dir; mount -o loop image dir",
    true
)]
#[case::overlay_over_two_file_systems(
    "mount",
    "mkdir dir base lower; mount -t tmpfs tmpfs base; mount -t tmpfs tmpfs lower; \
     touch lower/disk.img; mkdir base/u base/w; \
     mount -t overlay -o lowerdir=lower,upperdir=base/u,workdir=base/w overlay dir",
    false
)]
#[case::btrfs(
    "mkfs.btrfs",
    "truncate -s 200M image; mkfs.btrfs -q image; mkdir dir; mount -o loop image dir",
    false
)]
fn the_locks_of_a_file_are_found_on(
    #[case] needs: &str,
    #[case] script: &str,
    #[case] as_stat_says: bool,
) {
    in_its_own_mounts(needs, script, |scratch| {
        let path = scratch.join("dir/disk.img");
        let file = open(&path);
        // Without a lock in the table, the key is derived from the mount.
        let (free, locks) = seen(&path);
        assert_eq!(locks, Vec::<String>::new());
        lock(&file, Backend::Ofd, 100);
        let (key, locks) = seen(&path);
        assert_eq!((&key, &locks[..]), (&free, &["ofd 100".to_owned()][..]));
        assert_eq!(key == stat_key(&path), as_stat_says, "{key}, {}", stat_key(&path));
        lock(&file, Backend::Posix, 201);
        let [symlink, hard_link] = ["symlink", "hard"].map(|name| scratch.join("dir").join(name));
        std::os::unix::fs::symlink(&path, &symlink).expect("a symbolic link");
        std::fs::hard_link(&path, &hard_link).expect("a hard link");
        for name in [&path, &symlink, &hard_link] {
            assert_eq!(seen(name).1, ["ofd 100", "posix 201"], "{}", name.display());
        }
    });
}

/// Each subvolume counts its inodes from 257, and all have one super block.
#[test]
fn files_of_one_name_in_two_subvolumes_are_told_apart() {
    let script = "truncate -s 200M image; mkfs.btrfs -q image; mkdir dir; mount -o loop image dir; \
                  btrfs -q subvolume create dir/a; btrfs -q subvolume create dir/b";
    in_its_own_mounts("mkfs.btrfs", script, |scratch| {
        let [a, b] = ["dir/a/disk.img", "dir/b/disk.img"].map(|name| scratch.join(name));
        let (one, other) = (open(&a), open(&b));
        assert_eq!(seen(&a).0, seen(&b).0, "the kernel calls both the same");
        let copy = one.try_clone().expect("a copy");
        lock(&one, Backend::Ofd, 100);
        lock(&other, Backend::Ofd, 201);
        assert_eq!(seen(&a).1, ["ofd 100"]);
        assert_eq!(seen(&b).1, ["ofd 201"]);
        // Both files have the same lock. The table shows it twice, and each
        // file counts it once.
        lock(&other, Backend::Ofd, 100);
        lock(&one, Backend::Posix, 102);
        assert_eq!(seen(&a).1, ["ofd 100", "posix 102"]);
        assert_eq!(seen(&b).1, ["ofd 100", "ofd 201"]);
        drop((one, copy));
        assert_eq!(seen(&a).1, Vec::<String>::new());
        assert_eq!(seen(&b).1, ["ofd 100", "ofd 201"]);
        let keys: BTreeSet<String> = [&a, &b].into_iter().map(|path| stat_key(path)).collect();
        assert_eq!(keys.len(), 2);
    });
}
