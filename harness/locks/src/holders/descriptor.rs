use std::ffi::CStr;
use std::os::fd::{AsFd, RawFd};

use rustix::fs::{AtFlags, OFlags, StatxFlags, statx};
use rustix::io::Errno;

use super::task::Task;
use crate::lock_table::{AnyLine, FileKey, lines_of_fdinfo};
use imglock_core::Access;

/// A descriptor of a file that is surveyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// A thread whose descriptor table has it.
    pub(super) task: Task,
    pub(super) fd: RawFd,
    /// The locks in its fdinfo.
    pub(super) lines: Vec<AnyLine>,
    /// The access mode. `None` for a descriptor with `O_PATH`, and for one that was closed meanwhile.
    pub(super) access: Option<Access>,
}

/// The descriptors that were found for one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// The descriptors of the file itself.
    pub(super) own: Vec<Descriptor>,
    /// The descriptors of other files with the same inode number, which may have the same name in
    /// /proc/locks (subvolumes of btrfs, layers of an overlay).
    pub(super) twins: Vec<Descriptor>,
    /// The descriptors of deleted files of the same name.
    pub(super) former: Vec<Descriptor>,
}

/// The facts in the fdinfo of a descriptor (proc_pid_fdinfo(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DescriptorInfo {
    pub(super) lines: Vec<AnyLine>,
    pub(super) access: Option<Access>,
    /// The ID of the mount through which the file was opened.
    pub(super) mount: Option<u64>,
    /// The inode number of the file. Linux has it since 5.14.
    pub(super) inode: Option<u64>,
}

impl DescriptorInfo {
    pub(super) fn parse(text: &[u8]) -> DescriptorInfo {
        let text = String::from_utf8_lossy(text);
        let number = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        DescriptorInfo {
            lines: lines_of_fdinfo(&text),
            access: access(&text),
            mount: number("mnt_id:"),
            inode: number("ino:"),
        }
    }
}

/// The line `flags:` of fdinfo, in octal, with the flags of open(2).
fn access(text: &str) -> Option<Access> {
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = OFlags::from_bits_retain(u32::from_str_radix(flags.trim(), 8).ok()?);
    if flags.contains(OFlags::PATH) {
        return None;
    }
    match flags & OFlags::RWMODE {
        OFlags::WRONLY => Some(Access::WriteOnly),
        OFlags::RDWR => Some(Access::ReadWrite),
        _ => Some(Access::ReadOnly),
    }
}

/// `stat` of the target of a link, without opening it. An empty request is answered from what the
/// kernel has in memory, so that a survey does not hang if the server of a file system is
/// unreachable. The device and the inode number are always part of the answer.
pub(super) fn look(directory: impl AsFd, name: &CStr) -> Result<rustix::fs::Statx, Errno> {
    let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    statx(directory, name, flags, StatxFlags::empty())
}

/// Returns whether a file with this device and inode number, as far as they are known, is the one with
/// that key. `None` if it may be.
pub(super) fn is_file(
    key: FileKey,
    device: Option<(u32, u32)>,
    inode: Option<u64>,
) -> Option<bool> {
    let same_device = device.map(|device| device == (key.major, key.minor));
    let same_inode = inode.map(|inode| inode == key.inode);
    match (same_device, same_inode) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::reading("pos:\t0\nflags:\t0100000\nmnt_id:\t29\n", Some(Access::ReadOnly))]
    #[case::writing("flags:\t0100001\n", Some(Access::WriteOnly))]
    #[case::both("flags:\t02100002\n", Some(Access::ReadWrite))]
    #[case::naming_only("flags:\t012100000\n", None)]
    #[case::gone("", None)]
    fn the_flags_say_what_a_descriptor_is_for(#[case] text: &str, #[case] access: Option<Access>) {
        assert_eq!(DescriptorInfo::parse(text.as_bytes()).access, access);
    }

    #[test]
    fn the_mount_and_the_inode_are_read() {
        let info = DescriptorInfo::parse(b"pos:\t0\nflags:\t02\nmnt_id:\t29\nino:\t1043\n");
        assert_eq!((info.mount, info.inode), (Some(29), Some(1043)));
        // Before Linux 5.14.
        let info = DescriptorInfo::parse(b"pos:\t0\nflags:\t02\nmnt_id:\t29\n");
        assert_eq!((info.mount, info.inode), (Some(29), None));
    }
}
