//! What each file system does with byte-range locks, by its type and its mount options.

use super::extent::{Extent, Reach};
use super::mount::Mount;

/// File systems of one host, on its own memory or on devices that no other host mounts at the same
/// time. A lock is in the kernel's table of the inode (fs/locks.c).
const LOCAL: [&str; 24] = [
    "bcachefs",
    "btrfs",
    "devtmpfs",
    "ecryptfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "msdos",
    "nilfs2",
    "ntfs3",
    "ramfs",
    "reiserfs",
    "rootfs",
    "squashfs",
    "tmpfs",
    "udf",
    "vfat",
    "xfs",
];

/// The reach of locks on a regular file or a directory's files.
pub(super) fn reach(mount: &Mount) -> Reach {
    let (extent, because) = extent(mount);
    let source = Some(mount.source.clone());
    Reach {
        extent,
        file_system: mount.kind.clone(),
        source: source.filter(|source| !source.is_empty() && !LOCAL.contains(&mount.kind.as_str())),
        because,
    }
}

fn extent(mount: &Mount) -> (Extent, Option<String>) {
    let only_here = |option: &str| (Extent::OnlyThisHost, Some(option.to_owned()));
    let unknown = |why: &str| (Extent::Unknown, Some(why.to_owned()));
    let every = (Extent::EveryHost, None);
    let flag =
        |options: &[&str]| options.iter().find(|option| mount.has(option)).map(|o| only_here(o));
    match mount.kind.as_str() {
        kind if LOCAL.contains(&kind) => (Extent::Host, None),
        // fs/zfs: byte-range locks are those of the kernel's inode.
        "zfs" => (Extent::Host, None),
        // An overlay's locks are on its own inode (fs/overlayfs/inode.c has no lock operation).
        "overlay" => (Extent::OnlyThisMount, Some("overlay".to_owned())),
        // nfs(5): `nolock` and `local_lock=` keep locks from the server. `flock` does not concern
        // byte-range locks.
        "nfs4" => match mount.value("local_lock") {
            Some(kinds @ ("all" | "posix")) => only_here(&format!("local_lock={kinds}")),
            _ => every,
        },
        // lockd of a Linux server answers a test for any lock as one for a read lock since "lockd: fix
        // vfs_test_lock() calls" (a49a2a1baa0c, also in 6.1.y and 6.12.y), so it reports no read lock.
        "nfs" => match mount.value("local_lock") {
            Some(kinds @ ("all" | "posix")) => only_here(&format!("local_lock={kinds}")),
            _ => flag(&["nolock"]).unwrap_or_else(|| {
                unknown("NFSv3: many servers report no read lock of another host, and QEMU's are read locks")
            }),
        },
        // mount.cifs(8): with `nobrl`, no byte-range lock is sent. A client does not know its server,
        // and they differ. Samba keeps QEMU's rules. ksmbd of Linux 6.12 refuses an opener where no
        // host has a lock, and grants the next try, even beside the locks of another host.
        "cifs" | "smb3" => flag(&["nobrl"]).unwrap_or_else(|| {
            unknown("SMB: the server decides; Samba excludes other hosts, ksmbd of Linux does not")
        }),
        // fs/9p/vfs_file.c: only 9P2000.L, the default, has lock messages; otherwise the client grants
        // every lock. QEMU's server (hw/9pfs/9p.c) grants every lock too.
        "9p" => match (mount.value("version"), mount.value("trans")) {
            (Some("9p2000.L") | None, Some("virtio")) if !mount.has("noextend") => {
                unknown("9p over virtio: QEMU's server grants every lock")
            }
            (Some("9p2000.L") | None, _) if !mount.has("noextend") => {
                unknown("9p: the server decides")
            }
            _ => unknown("9p before 9P2000.L: the client grants every lock"),
        },
        "ceph" => every,
        // gfs2(5): `localflocks`, and the lock protocol without a cluster.
        "gfs2" => match mount.value("lockproto") {
            Some("lock_nolock") => only_here("lockproto=lock_nolock"),
            _ => flag(&["localflocks"]).unwrap_or(every),
        },
        // fs/ocfs2/stackglue.c (`ocfs2_stack_supports_plocks`): only a cluster stack of user space has byte-range locks.
        "ocfs2" => match mount.value("cluster_stack") {
            Some("pcmk" | "cman") => flag(&["localflocks"]).unwrap_or(every),
            _ => only_here("cluster_stack=o2cb"),
        },
        // Lustre's mount options: `flock` for every host, `localflock` for this one.
        "lustre" => flag(&["localflock"]).unwrap_or(every),
        "afs" => unknown("afs: only whole-file locks reach the server"),
        "vboxsf" => only_here("vboxsf"),
        "orangefs" => match mount.has("local_lock") {
            true => only_here("local_lock"),
            false => unknown("orangefs"),
        },
        "virtiofs" => unknown("virtiofs: virtiofsd keeps locks only with its option posix_lock"),
        kind if kind == "fuse" || kind == "fuseblk" || kind.starts_with("fuse.") => {
            unknown(&format!("{kind}: the server decides whether it keeps locks"))
        }
        kind => unknown(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: &str, options: &str) -> Mount {
        let options = options.split(',').filter(|option| !option.is_empty());
        let option = |option: &str| match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (option.to_owned(), None),
        };
        Mount {
            id: 1,
            device: (0, 40),
            kind: kind.to_owned(),
            source: "server:/export".to_owned(),
            options: options.map(option).collect(),
        }
    }

    #[rstest::rstest]
    #[case::local("ext4", "rw", "host (ext4)")]
    #[case::overlay("overlay", "rw,lowerdir=/a", "only-this-mount (overlay)")]
    #[case::nfs4("nfs4", "rw,vers=4.2,local_lock=none", "every-host (nfs4)")]
    #[case::nfs3(
        "nfs",
        "rw,vers=3,local_lock=none",
        "unknown (nfs, NFSv3: many servers report no read lock of another host, and QEMU's are read locks)"
    )]
    #[case::nfs4_local("nfs4", "rw,local_lock=all", "only-this-host (nfs4, local_lock=all)")]
    #[case::nolock(
        "nfs",
        "rw,vers=3,nolock,local_lock=all",
        "only-this-host (nfs, local_lock=all)"
    )]
    #[case::local_posix("nfs", "rw,local_lock=posix", "only-this-host (nfs, local_lock=posix)")]
    #[case::local_flock("nfs4", "rw,local_lock=flock", "every-host (nfs4)")]
    #[case::cifs(
        "cifs",
        "rw,vers=3.1.1",
        "unknown (cifs, SMB: the server decides; Samba excludes other hosts, ksmbd of Linux does not)"
    )]
    #[case::nobrl("cifs", "rw,nobrl", "only-this-host (cifs, nobrl)")]
    #[case::gfs2("gfs2", "rw", "every-host (gfs2)")]
    #[case::gfs2_alone(
        "gfs2",
        "lockproto=lock_nolock",
        "only-this-host (gfs2, lockproto=lock_nolock)"
    )]
    #[case::ocfs2("ocfs2", "rw,cluster_stack=pcmk", "every-host (ocfs2)")]
    #[case::o2cb("ocfs2", "rw", "only-this-host (ocfs2, cluster_stack=o2cb)")]
    #[case::old_9p(
        "9p",
        "version=9p2000.u,trans=tcp",
        "unknown (9p, 9p before 9P2000.L: the client grants every lock)"
    )]
    #[case::oldest_9p(
        "9p",
        "noextend,trans=tcp",
        "unknown (9p, 9p before 9P2000.L: the client grants every lock)"
    )]
    #[case::qemus_9p(
        "9p",
        "version=9p2000.L,trans=virtio",
        "unknown (9p, 9p over virtio: QEMU's server grants every lock)"
    )]
    #[case::fuse(
        "fuse.sshfs",
        "rw",
        "unknown (fuse.sshfs, fuse.sshfs: the server decides whether it keeps locks)"
    )]
    #[case::of_the_future("newfs", "rw", "unknown (newfs)")]
    fn mount_options_decide(#[case] kind: &str, #[case] options: &str, #[case] reach: &str) {
        assert_eq!(super::reach(&mount(kind, options)).to_string(), reach);
    }

    #[test]
    fn the_reach_is_a_phrase() {
        let phrases = ["ext4", "nfs4", "vboxsf", "overlay", "virtiofs"]
            .map(|kind| super::reach(&mount(kind, "")).meaning());
        insta::assert_snapshot!(phrases.join("\n"));
    }
}
