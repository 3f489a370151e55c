use std::collections::HashSet;
use std::fs::File;
use std::io::ErrorKind;

use super::DataAccess;
use super::root::Root;
use crate::lock_table::FileKey;
use crate::raw::next_shared_area;

/// A shared mapping of a watched file. A private mapping cannot change the file, and is not looked
/// for: there are too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mapping {
    pub(super) pid: i32,
    /// The file, as /proc/PID/maps names it: like in /proc/locks, with the super block's device.
    pub(super) file: FileKey,
    pub(super) access: DataAccess,
}

/// Finds mappings, process by process.
#[derive(Debug)]
pub(super) struct Maps<'a> {
    watched: &'a HashSet<FileKey>,
    /// Whether the kernel answers questions about single mappings (`PROCMAP_QUERY`, since 6.11).
    answers: bool,
}

impl<'a> Maps<'a> {
    /// Looks for mappings of these files.
    pub(super) fn new(watched: &'a HashSet<FileKey>) -> Maps<'a> {
        Maps { watched, answers: true }
    }

    /// Adds the mappings of a process, at most one for each file. Returns whether the process could
    /// be inspected.
    pub(super) fn look_into(&mut self, root: &Root, pid: i32, found: &mut Vec<Mapping>) -> bool {
        if self.watched.is_empty() {
            return true;
        }
        let maps = match File::open(root.at(format!("/proc/{pid}/maps"))) {
            Ok(maps) => maps,
            Err(error) => return error.kind() != ErrorKind::PermissionDenied,
        };
        let shared = match self.asked(&maps) {
            Some(shared) => shared,
            None => {
                let text = root.text(format!("/proc/{pid}/maps")).unwrap_or_default();
                text.lines().filter_map(shared_of_line).collect()
            }
        };
        let first = found.len();
        for (file, writable) in shared.into_iter().filter(|(file, _)| self.watched.contains(file)) {
            let access = DataAccess::writing(writable || may_write(root, pid, file));
            match found[first..].iter_mut().find(|mapping| mapping.file == file) {
                Some(known) => known.access = known.access.max(access),
                None => found.push(Mapping { pid, file, access }),
            }
        }
        true
    }

    /// The shared mappings of files, and whether each can be written. `None` if the kernel does not
    /// answer.
    fn asked(&mut self, maps: &File) -> Option<Vec<(FileKey, bool)>> {
        let (mut shared, mut address) = (Vec::new(), 0);
        while self.answers {
            match next_shared_area(maps, address) {
                Ok(Some(area)) => {
                    let (major, minor) = area.device;
                    shared.push((FileKey::new(major, minor, area.inode), area.writable));
                    address = area.end;
                }
                Ok(None) => return Some(shared),
                Err(_) => self.answers = false,
            }
        }
        None
    }
}

/// The file of a shared mapping, and whether it can be written, from a line of /proc/PID/maps
/// (`show_map_vma`, fs/proc/task_mmu.c). `None` for a private mapping.
fn shared_of_line(line: &str) -> Option<(FileKey, bool)> {
    let mut words = line.split_ascii_whitespace();
    let permissions = words.nth(1)?;
    let device = words.nth(1)?;
    let file = FileKey::parse(&format!("{device}:{}", words.next()?))?;
    permissions.ends_with('s').then(|| (file, permissions.as_bytes().get(1) == Some(&b'w')))
}

/// Returns whether a process could make its shared mapping of `file` writable with mprotect(2),
/// because it had opened the file to write: the flag `mw` of /proc/PID/smaps
/// (`show_smap_vma_flags`). Only the processes that map the file are asked, since this file is slow
/// to read.
fn may_write(root: &Root, pid: i32, file: FileKey) -> bool {
    let text = root.text(format!("/proc/{pid}/smaps")).unwrap_or_default();
    let mut of_file = false;
    for line in text.lines() {
        match line.strip_prefix("VmFlags:") {
            Some(flags) => {
                let has = |flag: &str| flags.split_ascii_whitespace().any(|one| one == flag);
                if of_file && has("mw") {
                    return true;
                }
            }
            // The first line of a mapping is the only one that starts with an address.
            None if line.starts_with(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c)) => {
                of_file = shared_of_line(line).is_some_and(|(mapped, _)| mapped == file);
            }
            None => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::writable("7f1c000-7f1d000 rw-s 00000000 fe:00 1043    /srv/a b.img", Some((1043, true)))]
    #[case::read_only("7f1c000-7f1d000 r--s 00000000 fe:00 1043 /srv/a.img", Some((1043, false)))]
    #[case::private("7f1c000-7f1d000 rw-p 00000000 fe:00 1043 /srv/a.img", None)]
    #[case::of_no_file("7ffd000-7ffe000 rw-p 00000000 00:00 0 [stack]", None)]
    #[case::cut_off("7ffd000-7ffe000 rw-s", None)]
    fn a_line_shows_a_shared_mapping(#[case] line: &str, #[case] expected: Option<(u64, bool)>) {
        let expected = expected.map(|(inode, writable)| (FileKey::new(0xfe, 0, inode), writable));
        assert_eq!(shared_of_line(line), expected);
    }

    #[test]
    fn a_mapping_can_become_writable_if_its_file_was_opened_to_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::under(folder.path());
        std::fs::create_dir_all(folder.path().join("proc/7")).expect("a folder");
        let area = |inode: u64, flags: &str| {
            format!(
                "7f1c000-7f1d000 r--s 00000000 fe:00 {inode} /x\nSize: 4 kB\nVmFlags: {flags}\n"
            )
        };
        let text = area(1, "rd sh mr mw me ms") + &area(2, "rd mr me ms");
        std::fs::write(folder.path().join("proc/7/smaps"), text).expect("a file");
        let may = |inode| may_write(&root, 7, FileKey::new(0xfe, 0, inode));
        assert_eq!([1, 2, 3].map(may), [true, false, false]);
    }
}
