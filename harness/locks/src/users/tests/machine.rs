//! Users that this kernel can have.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;

use super::line::lines;
use super::place::{Place, Shell, Until, attach, beside, run, seen, text};
use crate::raw::mapped;
use crate::users::block_devices::BlockDevices;
use crate::users::root::Root;
use crate::users::{DataAccess, DataUserKind, DeviceNumber, UserGap};

const SIZE: u64 = 32 << 20;

#[test]
fn a_file_without_users_has_none() {
    let Some(place) = Place::new(&[]) else { return };
    let image = place.image("disk.img", SIZE);
    let _open = std::fs::File::open(&image).expect("the image");
    assert_eq!(seen(&image).users, []);
}

#[test]
fn a_loop_device_is_known_by_the_inode_of_its_file() {
    let Some(place) = Place::new(&["losetup"]) else { return };
    let image = place.image("disk.img", SIZE);
    let (node, _until) = attach(&image, &[]);
    let (second, _second) = attach(&image, &["-r"]);
    let both = [
        format!("{node}  LoopDevice writes  [losetup -d {node}]"),
        format!("{second}  LoopDevice reads  [losetup -d {second}]"),
    ];
    let mut found = lines(&seen(&image));
    found.sort_unstable();
    let mut expected = both.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);

    // The same path, another file.
    let moved = place.path("moved.img");
    std::fs::rename(&image, &moved).expect("a new name");
    place.image("disk.img", SIZE);
    assert_eq!(seen(&image).users, []);
    // The same file without a path.
    let descriptor = std::fs::File::open(&moved).expect("the image");
    std::fs::remove_file(&moved).expect("the image");
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&descriptor));
    let mut found = lines(&seen(link.as_ref()));
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_partition_with_a_mounted_file_system_is_a_chain() {
    let Some(place) = Place::new(&["losetup", "addpart", "mkfs.ext4"]) else { return };
    let image = place.image("disk.img", SIZE);
    // With this option the kernel removes the partitions when it detaches the file.
    let (node, _until) = attach(&image, &["-P"]);
    run("addpart", &[&node, "1", "2048", "40960"]);
    let part = format!("{node}p1");
    let _part = Until::ended_by(&["delpart", &node, "1"]);
    run("mkfs.ext4", &["-q", &part]);
    let point = place.folder("my disk");
    run("mount", &[&part, text(&point)]);
    let _mounted = Until::ended_by(&["umount", text(&point)]);
    let point = text(&point);
    let chain = [
        format!("{node}  LoopDevice writes  [losetup -d {node}]"),
        format!("{node} -> {part}  Partition writes"),
        format!("{node} -> {part} -> {point}  FileSystem writes  [umount {point}]"),
    ];
    let users = seen(&image);
    assert_eq!(lines(&users), chain);
    let tops: Vec<&str> = users.tops().map(|user| user.name.as_str()).collect();
    assert_eq!(tops, [point]);
    let top = users.tops().next().expect("a user");
    let names: Vec<&str> = users.chain(top).iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, [point, &part, &node]);

    // From the device itself, and from its partition.
    assert_eq!(
        lines(&seen(node.as_ref())),
        [
            format!("{part}  Partition writes"),
            format!("{part} -> {point}  FileSystem writes  [umount {point}]"),
        ]
    );
    let of_part = seen(part.as_ref());
    assert_eq!(lines(&of_part), [format!("{point}  FileSystem writes  [umount {point}]")]);
    assert_eq!(of_part.stands_on, [node.as_str(), text(&image)]);

    run("mount", &["-o", "remount,ro", point]);
    let expected = format!("{node} -> {part} -> {point}  FileSystem reads  [umount {point}]");
    assert_eq!(lines(&seen(&image))[2], expected);
}

#[test]
fn a_mount_in_another_namespace_is_found() {
    let Some(place) = Place::new(&["mkfs.ext4", "unshare"]) else { return };
    let image = place.image("disk.img", SIZE);
    run("mkfs.ext4", &["-q", text(&image)]);
    let point = place.folder("mnt");
    let mount = format!("mount -o loop '{}' '{}'", text(&image), text(&point));
    let shell = Shell::doing(&["unshare", "-m", "--propagation", "private"], &mount);
    let (pid, point) = (shell.pid(), text(&point));
    let users = seen(&image);
    let by_kind = |kind| users.users.iter().find(|user| user.kind == kind).expect("such a user");
    let device = by_kind(DataUserKind::LoopDevice);
    let mounted = by_kind(DataUserKind::FileSystemElsewhere);
    assert_eq!(
        lines(&users)[1],
        format!(
            "{} -> {point}  FileSystemElsewhere writes pid {pid}  [nsenter -t {pid} -m umount {point}]",
            device.name
        )
    );
    assert_eq!(mounted.processes[0].comm, "sh");
}

#[test]
fn btrfs_is_found_by_any_of_its_devices() {
    let Some(place) = Place::new(&["losetup", "mkfs.btrfs"]) else { return };
    let images = [place.image("a.img", 130 << 20), place.image("b.img", 130 << 20)];
    let [one, two] = images.each_ref().map(|image| attach(image, &[]));
    run("mkfs.btrfs", &["-q", "-d", "raid1", "-m", "raid1", &one.0, &two.0]);
    let point = place.folder("mnt");
    run("mount", &["-t", "btrfs", &one.0, text(&point)]);
    let _mounted = Until::ended_by(&["umount", text(&point)]);
    for (image, (node, _)) in images.iter().zip([&one, &two]) {
        let line = format!("{node} -> {0}  FileSystem writes  [umount {0}]", text(&point));
        assert_eq!(lines(&seen(image))[1..], [line]);
    }
}

#[test]
fn swap_on_a_file_and_on_a_device_is_found() {
    let Some(place) = Place::new(&["losetup", "mkswap", "swapon"]) else { return };
    let image = place.path("swap file");
    std::fs::write(&image, vec![0; 1 << 20]).expect("a file without holes");
    run("chmod", &["600", text(&image)]);
    run("mkswap", &[text(&image)]);
    run("swapon", &[text(&image)]);
    let _swap = Until::ended_by(&["swapoff", text(&image)]);
    assert_eq!(lines(&seen(&image)), [format!("{0}  Swap writes  [swapoff {0}]", text(&image))]);

    let other = place.image("disk.img", SIZE);
    let (node, _until) = attach(&other, &[]);
    run("mkswap", &[&node]);
    run("swapon", &[&node]);
    let _device = Until::ended_by(&["swapoff", &node]);
    let line = format!("{node} -> {node}  Swap writes  [swapoff {node}]");
    assert_eq!(lines(&seen(&other))[1..], [line]);
}

#[test]
fn another_node_of_a_device_is_the_same_device() {
    let Some(place) = Place::new(&["losetup", "mknod"]) else { return };
    let image = place.image("disk.img", SIZE);
    let (node, _until) = attach(&image, &[]);
    let minor = node.strip_prefix("/dev/loop").expect("a loop device");
    let other = place.path("other");
    run("mknod", &[text(&other), "b", "7", minor]);
    // A path is known by its node, whatever its name.
    let number = DeviceNumber { major: 7, minor: minor.parse().expect("a number") };
    assert_eq!(BlockDevices::default().number_of(&Root::own(), &other), Some(number));
    let open = |path: &str, flags: OFlags| {
        let mut options = OpenOptions::new();
        options.read(true).write(flags.contains(OFlags::RDWR));
        options.custom_flags((flags & OFlags::PATH).bits().cast_signed()).open(path)
    };
    let pid = std::process::id();
    let found = || lines(&seen(node.as_ref()));
    let _named = open(text(&other), OFlags::PATH).expect("the node");
    assert_eq!(found(), <[&str; 0]>::default());
    let _own = open(&node, OFlags::RDWR).expect("the node");
    assert_eq!(found(), <[&str; 0]>::default());
    let reader = open(text(&other), OFlags::RDONLY).expect("the node");
    assert_eq!(found(), [format!("{}  DeviceOpener reads pid {pid}", text(&other))]);
    let _writer = open(text(&other), OFlags::RDWR).expect("the node");
    assert_eq!(found(), [format!("{}  DeviceOpener writes pid {pid}", text(&other))]);
    drop(reader);

    // For the file, both nodes are other ones.
    assert_eq!(
        lines(&seen(&image))[1..],
        [
            format!("{node} -> {node}  DeviceOpener writes pid {pid}"),
            format!("{node} -> {}  DeviceOpener writes pid {pid}", text(&other)),
        ]
    );
}

#[test]
fn a_mapping_stays_when_its_descriptor_is_closed() {
    let Some(place) = Place::new(&[]) else { return };
    let pid = std::process::id().cast_signed();
    // The mapping, and whether its descriptor can write; the access that it has and keeps.
    let cases = [
        ("rw-s", (true, true, true), Some(DataAccess::Write)),
        // mprotect(2) can make it writable.
        ("r--s of a writer", (false, true, true), Some(DataAccess::Write)),
        ("r--s", (false, true, false), Some(DataAccess::Read)),
        ("rw-p", (true, false, true), None),
    ];
    for (name, (writable, shared, writer), expected) in cases {
        let image = place.image(name, 4096);
        let file = OpenOptions::new().read(true).write(writer).open(&image).expect("the image");
        mapped(&file, writable, shared);
        drop(file);
        let users = seen(&image);
        let access: Vec<DataAccess> = users.users.iter().map(|user| user.access).collect();
        assert_eq!(access, Vec::from_iter(expected), "{name}");
        assert!(users.users.iter().all(|user| user.processes[0].pid == pid), "{name}");
        // A descriptor that allows as much is known already.
        assert_eq!(beside(&image, &[(pid, true)]).users, [], "{name}");
        let known = beside(&image, &[(pid, false)]).users.len();
        assert_eq!(known, usize::from(expected == Some(DataAccess::Write)), "{name}");
    }
}

#[test]
fn an_overlay_shows_the_file_of_its_upper_layer_to_writers() {
    let Some(place) = Place::new(&["mount"]) else { return };
    let [lower, upper, work, merged] =
        ["lower", "upper", "work", "merged"].map(|name| place.folder(name));
    let base = place.image("lower/base.img", SIZE);
    let top = place.image("upper/top.img", SIZE);
    let layers = [("lowerdir", &lower), ("upperdir", &upper), ("workdir", &work)];
    let options = layers.map(|(name, folder)| format!("{name}={}", text(folder))).join(",");
    run("mount", &["-t", "overlay", "overlay", "-o", &options, text(&merged)]);
    let _mounted = Until::ended_by(&["umount", text(&merged)]);
    let pid = std::process::id();
    let shown = |name: &str| text(&merged.join(name)).to_owned();
    assert_eq!((seen(&base).users, seen(&top).users), (Vec::new(), Vec::new()));

    let open = |path: &std::path::Path, write| {
        OpenOptions::new().read(true).write(write).open(path).expect("the file")
    };
    let writer = open(&merged.join("top.img"), true);
    let line = format!("{}  OverlayOpener writes pid {pid}", shown("top.img"));
    assert_eq!(lines(&seen(&top)), [line]);
    // The other way round.
    let direct = open(&top, true);
    let users = lines(&seen(&merged.join("top.img")));
    assert_eq!(users, [format!("{}  OverlayOpener writes pid {pid}", text(&top))]);
    drop((writer, direct));

    let reader = open(&merged.join("base.img"), false);
    let line = format!("{}  OverlayOpener reads pid {pid}", shown("base.img"));
    assert_eq!(lines(&seen(&base)), [line]);
    // A writer gets a copy in the upper layer, which is another file.
    drop((reader, open(&merged.join("base.img"), true)));
    let _writer = open(&merged.join("base.img"), true);
    assert_eq!(lines(&seen(&base)), <[&str; 0]>::default());

    // A path that is relative to an unknown directory.
    let script = format!(
        "cd {}; mount -t overlay overlay -o lowerdir=lower:upper merged",
        text(lower.parent().expect("a folder"))
    );
    let is_gap = |gap: &UserGap| matches!(gap, UserGap::Overlays { .. });
    let shell = Shell::doing(&["unshare", "-m", "--propagation", "private"], &script);
    assert!(seen(&top).gaps.iter().any(is_gap));
    drop(shell);

    // A loop device on the overlay's file stands on the file of the layer.
    let (node, _until) = attach(&merged.join("top.img"), &[]);
    let line = format!("{} -> {node}  LoopDevice writes  [losetup -d {node}]", shown("top.img"));
    assert_eq!(lines(&seen(&top)), [line]);
}
