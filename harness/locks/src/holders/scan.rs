use std::collections::HashMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat};
use rustix::io::Errno;

use super::facts;
use super::target::{Target, look, stat_key};
use crate::lock_table::{AnyLine, lines_of_fdinfo};
use imglock_core::Access;

/// A descriptor of a file that is surveyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) pid: i32,
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
}

/// One pass over /proc.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// One entry for each target, in their order.
    pub(super) found: Vec<Found>,
    /// The number of processes that could not be inspected.
    pub(super) unreadable: usize,
}

/// Inspects every descriptor of every process for which it has permission.
///
/// A process that exits during the scan holds nothing.
///
/// # Errors
/// If /proc cannot be read.
pub(super) fn scan(targets: &[Target]) -> io::Result<Scan> {
    let mut by_inode: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, target) in targets.iter().enumerate() {
        by_inode.entry(target.stat.inode).or_default().push(index);
    }
    let proc = openat(CWD, c"/proc", DIRECTORY, Mode::empty())?;
    let mut scan = Scan { found: vec![Found::default(); targets.len()], unreadable: 0 };
    let mut text = Vec::new();
    for entry in Dir::read_from(&proc)? {
        let entry = entry?;
        let Some(pid) = number(entry.file_name()) else { continue };
        let descriptors = match openat(&proc, format!("{pid}/fd"), DIRECTORY, Mode::empty()) {
            Ok(descriptors) => descriptors,
            Err(Errno::ACCESS | Errno::PERM) => {
                scan.unreadable += usize::from(facts::is_program(pid));
                continue;
            }
            // The process has exited.
            Err(_) => continue,
        };
        let mut process = Look { proc: &proc, pid, targets, by_inode: &by_inode, text: &mut text };
        if !process.look_into(descriptors, &mut scan.found) {
            scan.unreadable += 1;
        }
    }
    Ok(scan)
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A process that is being inspected.
struct Look<'a> {
    proc: &'a OwnedFd,
    pid: i32,
    targets: &'a [Target],
    by_inode: &'a HashMap<u64, Vec<usize>>,
    text: &'a mut Vec<u8>,
}

impl Look<'_> {
    /// Adds its descriptors of the targets. Returns whether the process could be inspected.
    fn look_into(&mut self, descriptors: OwnedFd, found: &mut [Found]) -> bool {
        let Ok(mut entries) = Dir::new(descriptors) else { return true };
        while let Some(Ok(entry)) = entries.next() {
            let Some(fd) = number(entry.file_name()) else { continue };
            let Ok(directory) = entries.fd() else { return true };
            // stat of the link's target, without opening it, and only from the kernel's cache. fdinfo is
            // read for very few descriptors.
            let stat = match look(directory, entry.file_name(), AtFlags::empty()) {
                Ok(status) => stat_key(&status),
                Err(Errno::ACCESS | Errno::PERM) => return false,
                Err(_) => continue,
            };
            let Some(candidates) = self.by_inode.get(&stat.inode) else { continue };
            let (lines, access) = self.info(fd);
            for &index in candidates {
                let same = self.targets[index].stat == stat;
                let of = &mut found[index];
                let list = if same { &mut of.own } else { &mut of.twins };
                list.push(Descriptor { pid: self.pid, fd, lines: lines.clone(), access });
            }
        }
        true
    }

    /// The locks and access mode in the fdinfo of a descriptor. Empty if it was closed meanwhile.
    fn info(&mut self, fd: RawFd) -> (Vec<AnyLine>, Option<Access>) {
        let path = format!("{}/fdinfo/{fd}", self.pid);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let Ok(file) = openat(self.proc, path, flags, Mode::empty()) else {
            return (Vec::new(), None);
        };
        self.text.clear();
        let mut page = [0; 4096];
        while let Ok(length @ 1..) = rustix::io::read(&file, &mut page) {
            self.text.extend_from_slice(&page[..length]);
        }
        let text = String::from_utf8_lossy(self.text);
        (lines_of_fdinfo(&text), access_of_fdinfo(&text))
    }
}

/// The line `flags:` of fdinfo, in octal, with the flags of open(2).
fn access_of_fdinfo(text: &str) -> Option<Access> {
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

fn number(name: &CStr) -> Option<i32> {
    name.to_str().ok()?.parse().ok()
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
        assert_eq!(access_of_fdinfo(text), access);
    }
}
