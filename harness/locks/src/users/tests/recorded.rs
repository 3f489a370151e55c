//! The trees that kernels with more drivers than this one show.

use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;

use super::line::lines;
use crate::lock_table::FileKey;
use crate::users::processes::Opener;
use crate::users::root::{Root, Seen};
use crate::users::stack::Stack;
use crate::users::surroundings::Surroundings;
use crate::users::{
    DataAccess, DataUsers, DeviceNumber, FileIdentity, KnownFile, KnownOpener, UserGap, users_below,
};

/// What Debian's kernels of bookworm and trixie printed in a guest with each kind of user.
const RECORDED: [(&str, &str); 2] =
    [("6.1", include_str!("recorded-6.1.txt")), ("6.12", include_str!("recorded-6.12.txt"))];

/// The images of the records, each with a user of another kind.
const IMAGES: [&str; 9] = ["disk", "raid1a", "btr", "swap", "zram", "part", "lio", "nvmet", "nbd"];

/// A directory with the files of a record, the images, and a process that serves an image.
fn unpacked(record: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::under(folder.path());
    let make = |path: &Path| std::fs::create_dir_all(path).expect("a folder");
    let (mut file, mut text) = (None, String::new());
    for line in record.lines().chain(["#"]) {
        if let Some(content) = line.strip_prefix("|") {
            writeln!(text, "{}", content.strip_prefix(' ').unwrap_or(content)).expect("memory");
            continue;
        }
        if let Some(path) = file.take() {
            let path = root.at(path);
            make(path.parent().expect("a folder"));
            std::fs::write(path, std::mem::take(&mut text)).expect("a file");
        }
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["F", path] => file = Some(path.to_owned()),
            ["L", path, target] => {
                let (path, is_device) = (root.at(path), path.starts_with("/sys/class/block/"));
                let parent = path.parent().expect("a folder");
                make(parent);
                if is_device && parent.ends_with("block") {
                    make(&parent.join(target));
                }
                std::os::unix::fs::symlink(target, path).expect("a link");
            }
            _ => {}
        }
    }
    make(&root.at("/srv/images"));
    for name in IMAGES {
        std::fs::write(root.at(format!("/srv/images/{name}.img")), name).expect("an image");
    }
    let thread = root.text("/sys/class/block/nbd0/pid").expect("a thread");
    make(&root.at(format!("/proc/12/task/{thread}")));
    std::fs::write(root.at("/proc/12/comm"), "qemu-nbd\n").expect("a name");
    folder
}

/// An image, or a device by its name in sysfs. qemu-nbd has its image and its device open.
fn known(folder: &TempDir, path: &str) -> KnownFile {
    let root = Root::under(folder.path());
    let device = root.text(Path::new("/sys/class/block").join(path).join("dev"));
    let (stat, block) = match device {
        Ok(number) => (FileKey::new(0, 6, 1), DeviceNumber::parse(&number)),
        Err(_) => (root.look(Path::new("/srv/images").join(path)).expect("an image").file, None),
    };
    let identity = FileIdentity { path: path.into(), stat, kernel: stat, block };
    let openers = vec![KnownOpener { pid: 12, writable: true }];
    let openers = if path.starts_with("nbd") { openers } else { Vec::new() };
    KnownFile { identity, openers }
}

/// The users of an image or a device.
fn seen(folder: &TempDir, path: &str) -> DataUsers {
    users_below(Root::under(folder.path()), &[known(folder, path)]).remove(0)
}

#[test]
fn every_kind_of_user_is_found_in_what_kernels_print() {
    for (kernel, record) in RECORDED {
        let folder = unpacked(record);
        let mut text = String::new();
        for name in IMAGES {
            let image = format!("{name}.img");
            writeln!(text, "{image}").expect("memory");
            for line in lines(&seen(&folder, &image)) {
                writeln!(text, "    {line}").expect("memory");
            }
        }
        for device in ["loop0", "dm-1", "loop7p1", "md0", "nbd0"] {
            let users = seen(&folder, device);
            writeln!(text, "{device}, on {:?}", users.stands_on).expect("memory");
            for line in lines(&users) {
                writeln!(text, "    {line}").expect("memory");
            }
        }
        // Both kernels print the same.
        insta::assert_snapshot!("recorded_users", text, kernel);
    }
}

#[test]
fn each_part_that_could_not_be_asked_is_named() {
    let folder = unpacked(RECORDED[0].1);
    let names = ["loop0", "loop1", "loop3", "loop4", "loop5", "loop6", "loop7"];
    // There is no node of a loop device.
    let loops = UserGap::LoopDevices { names: names.map(str::to_owned).to_vec() };
    assert_eq!(seen(&folder, "disk.img").gaps, [loops]);

    let root = Root::under(folder.path());
    std::fs::remove_dir_all(root.at("/sys")).expect("the folder");
    std::fs::remove_dir_all(root.at("/proc/thread-self")).expect("the folder");
    std::fs::create_dir_all(root.at("/sys/module/nvmet")).expect("a folder");
    let unreadable = |path: &str| UserGap::Unreadable { path: path.to_owned() };
    let gaps = [
        unreadable("/proc/thread-self/mountinfo"),
        unreadable("/sys/class/block"),
        UserGap::KernelTargets,
    ];
    assert_eq!(seen(&folder, "disk.img").gaps, gaps);
}

#[test]
fn a_path_of_another_file_by_now_connects_nothing() {
    let folder = unpacked(RECORDED[0].1);
    let root = Root::under(folder.path());
    let image = root.at("/srv/images/disk.img");
    let old = std::fs::File::open(&image).expect("the image");
    std::fs::remove_file(&image).expect("the image");
    std::fs::write(&image, "another").expect("an image");
    let stat = crate::users::root::seen(&old.into()).expect("the file").file;
    let identity = FileIdentity { path: image, stat, kernel: stat, block: None };
    let file = KnownFile { identity, openers: Vec::new() };
    assert_eq!(users_below(root, &[file])[0].users, []);
}

#[test]
fn the_server_of_a_device_is_no_other_user_of_it() {
    let folder = unpacked(RECORDED[0].1);
    let file = known(&folder, "nbd.img");
    let mut around = Surroundings::of(Root::under(folder.path()), std::slice::from_ref(&file));
    let node = FileKey::new(0, 6, 2);
    for pid in [12, 13] {
        let seen = Seen { file: node, block: DeviceNumber::parse("43:0") };
        let (path, access) = ("/dev/nbd0".into(), DataAccess::Write);
        around.sightings.openers.push(Opener { pid, seen, path, access });
    }
    let users = Stack::users(&around, &file, &around.near[0]);
    let expected = [
        "/dev/nbd0  NetworkBlockDevice writes pid 12 (by name)  [qemu-nbd -d /dev/nbd0]",
        "/dev/nbd0 -> /dev/nbd0  DeviceOpener writes pid 13 (by name)",
        "/dev/nbd0 -> /mnt/c  FileSystem writes (by name)  [umount /mnt/c]",
    ];
    assert_eq!(lines(&users), expected);
}
