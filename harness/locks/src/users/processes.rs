use std::collections::{BTreeMap, HashSet};
use std::ffi::CStr;
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, StatxFlags, openat, readlinkat, statx};
use rustix::io::Errno;

use super::mappings::{Mapping, Maps};
use super::root::{Root, Seen, told};
use super::{DataAccess, DataProcess, DeviceNumber};
use crate::lock_table::FileKey;

/// `PF_KTHREAD` of include/linux/sched.h.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// The files and devices that are looked for in processes.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Devices, by the number that any of their nodes has.
    pub(super) devices: HashSet<DeviceNumber>,
    /// Files, as stat(2) names them.
    pub(super) files: HashSet<FileKey>,
    /// Files, as /proc/PID/maps names them.
    pub(super) mapped: HashSet<FileKey>,
    /// Processes that have the only mapped file open to write. Their mappings add nothing.
    pub(super) writers: HashSet<i32>,
}

/// A process that has a watched file or device open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opener {
    pub(super) pid: i32,
    pub(super) seen: Seen,
    /// The path under which it was opened, as the kernel shows it.
    pub(super) path: PathBuf,
    pub(super) access: DataAccess,
}

/// The result of one pass over all processes.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// One for each process and opened node or file, sorted.
    pub(super) openers: Vec<Opener>,
    pub(super) mappings: Vec<Mapping>,
    /// The number of processes that could not be inspected.
    pub(super) unreadable: usize,
}

impl Sightings {
    /// Inspects the mappings and, if a device or another file is watched, the descriptors of every
    /// process. A descriptor with `O_PATH` does not count.
    pub(super) fn of(root: &Root, watch: &Watch) -> Sightings {
        let mut sightings = Sightings::default();
        let mut maps = Maps::new(&watch.mapped);
        let mut openers = BTreeMap::new();
        for pid in pids(root) {
            let mut readable =
                watch.writers.contains(&pid) || maps.look_into(root, pid, &mut sightings.mappings);
            if !(watch.devices.is_empty() && watch.files.is_empty()) {
                readable &= descriptors(root, pid, watch, &mut openers);
            }
            sightings.unreadable += usize::from(!readable && runs_a_program(root, pid));
        }
        sightings.openers = openers.into_values().collect();
        sightings
    }
}

/// Adds the watched descriptors of a process. Returns whether it could be inspected.
fn descriptors(
    root: &Root,
    pid: i32,
    watch: &Watch,
    openers: &mut BTreeMap<(i32, FileKey), Opener>,
) -> bool {
    let folder = root.at(format!("/proc/{pid}/fd"));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut entries = match openat(CWD, &folder, flags, Mode::empty()).and_then(Dir::new) {
        Ok(entries) => entries,
        Err(errno) => return !matches!(errno, Errno::ACCESS | Errno::PERM),
    };
    while let Some(Ok(entry)) = entries.next() {
        let (name, Ok(directory)) = (entry.file_name(), entries.fd()) else { return true };
        if number(name).is_none() {
            continue;
        }
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        let seen = match statx(directory, name, flags, StatxFlags::INO | StatxFlags::TYPE) {
            Ok(status) => told(&status),
            Err(Errno::ACCESS | Errno::PERM) => return false,
            Err(_) => continue,
        };
        let watched = match seen.block {
            Some(number) => watch.devices.contains(&number),
            None => watch.files.contains(&seen.file),
        };
        let info = || root.text(format!("/proc/{pid}/fdinfo/{}", name.to_string_lossy())).ok();
        let Some(access) = watched.then(info).flatten().as_deref().and_then(access) else {
            continue;
        };
        let path = readlinkat(directory, name, Vec::new()).unwrap_or_default();
        let path = PathBuf::from(path.to_string_lossy().into_owned());
        let opener = openers.entry((pid, seen.file)).or_insert(Opener { pid, seen, path, access });
        opener.access = opener.access.max(access);
    }
    true
}

/// The line `flags:` of fdinfo, in octal, with the flags of open(2). `None` for `O_PATH`.
fn access(info: &str) -> Option<DataAccess> {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = OFlags::from_bits_retain(u32::from_str_radix(flags.trim(), 8).ok()?);
    let writes = flags.intersects(OFlags::WRONLY | OFlags::RDWR);
    (!flags.contains(OFlags::PATH)).then_some(DataAccess::writing(writes))
}

/// The processes that are visible in /proc, in ascending order.
pub(super) fn pids(root: &Root) -> Vec<i32> {
    let mut pids: Vec<i32> =
        root.names("/proc").iter().filter_map(|name| name.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// Returns whether a process runs a program. Kernel threads and zombies do not (proc_pid_stat(5)).
pub(super) fn runs_a_program(root: &Root, pid: i32) -> bool {
    let stat = root.text(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before the parenthesis can have blanks.
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    let zombie = fields.next().is_none_or(|state| matches!(state, "Z" | "X"));
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u32>().ok());
    !zombie && flags.is_some_and(|flags| flags & KERNEL_THREAD == 0)
}

impl DataProcess {
    /// Reads the names of a process. They are empty if it has exited.
    pub(super) fn read(root: &Root, pid: i32) -> DataProcess {
        let comm = root.text(format!("/proc/{pid}/comm")).unwrap_or_default();
        let line = root.text(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = line.trim_end_matches('\0');
        let words = line.split('\0').map(str::to_owned);
        let command = if line.is_empty() { Vec::new() } else { words.collect() };
        DataProcess { pid, comm, command }
    }
}

fn number(name: &CStr) -> Option<i32> {
    name.to_str().ok()?.parse().ok()
}

/// Returns whether one of the threads of a process has this ID.
pub(super) fn has_thread(root: &Root, pid: i32, thread: i32) -> bool {
    root.at(format!("/proc/{pid}/task/{thread}")).exists()
}

/// The nodes of character devices that a process has open, by their paths.
pub(super) fn open_paths(root: &Root, pid: i32) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("/proc/{pid}/fd"));
    let names = root.names(&folder);
    names.iter().filter_map(|name| std::fs::read_link(root.at(folder.join(name))).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::reading("pos:\t0\nflags:\t0100000\nmnt_id:\t29\n", Some(DataAccess::Read))]
    #[case::writing("flags:\t0100001\n", Some(DataAccess::Write))]
    #[case::both("flags:\t02100002\n", Some(DataAccess::Write))]
    #[case::naming_only("flags:\t012100000\n", None)]
    #[case::closed("", None)]
    fn the_flags_of_a_descriptor_show_what_it_allows(
        #[case] text: &str,
        #[case] expected: Option<DataAccess>,
    ) {
        assert_eq!(access(text), expected);
    }

    #[test]
    fn kernel_threads_and_zombies_run_no_program() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::under(folder.path());
        let write = |pid: i32, stat: &str| {
            std::fs::create_dir_all(folder.path().join(format!("proc/{pid}"))).expect("a folder");
            std::fs::write(root.at(format!("/proc/{pid}/stat")), stat).expect("a file");
        };
        write(1, "1 (two words) S 0 1 1 0 -1 4194560 8823");
        write(2, "2 (kthreadd) S 0 0 0 0 -1 2129984 0");
        write(3, "3 (a) b) Z 1 3 3 0 -1 4194560 0");
        assert_eq!([1, 2, 3, 4].map(|pid| runs_a_program(&root, pid)), [true, false, false, false]);
        assert_eq!(pids(&root), [1, 2, 3]);
    }
}
