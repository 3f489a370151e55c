use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::os::fd::RawFd;

use nix::libc;

use super::line::{DescriptorInfo, lines_where};
use super::{FileKey, LockLine};
use imglock_core::{Backend, LockHolder, NodeName, TableLock};

/// A descriptor whose locks are attributed to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedDescriptor {
    /// The name of the node.
    pub node: NodeName,
    /// The name for the POSIX locks of its descriptor table.
    pub owner: String,
    /// The number of its open file description. Duplicates have the same number.
    pub description: usize,
    /// The ID of a live process that has the descriptor.
    pub pid: i32,
    /// The number of the descriptor in that process.
    pub fd: RawFd,
}

/// The most fdinfo files that a reader keeps open. A process may have few descriptors
/// (`RLIMIT_NOFILE`), and the locks of a scenario are what it needs them for.
const MOST_KEPT: usize = 8;

/// A reader of the kernel's lock table for the images of a scenario.
#[derive(Debug, Default)]
pub struct LockTable {
    images: HashMap<FileKey, usize>,
    processes: HashMap<i32, String>,
    /// The fdinfo of the descriptors that were watched last.
    opened: HashMap<(i32, RawFd), DescriptorInfo>,
}

impl LockTable {
    /// Adds an image with its index.
    pub fn add_image(&mut self, key: FileKey, index: usize) {
        self.images.insert(key, index);
    }

    /// Adds a process with the name for its POSIX locks.
    pub fn add_process(&mut self, pid: i32, name: &str) {
        self.processes.insert(pid, name.to_owned());
    }

    /// Reads all locks on the images, sorted.
    ///
    /// A lock is attributed to the `watched` descriptors whose fdinfo shows it. A POSIX lock that none
    /// of them shows is attributed to the process that set it, which may no longer have the descriptor
    /// table. An OFD lock that none of them shows has no holder.
    ///
    /// # Errors
    /// If /proc/locks cannot be read, or this process has no descriptor left for an fdinfo. A watched
    /// descriptor that was closed meanwhile shows no lock and is not an error.
    pub fn read(&mut self, watched: &[WatchedDescriptor]) -> io::Result<Vec<TableLock>> {
        let mut unclaimed: HashMap<LockLine, usize> = HashMap::new();
        let mut table = Vec::new();
        for line in lines_where(|line| self.images.contains_key(&line.file))? {
            match self.images.get(&line.file) {
                None => {}
                Some(_) if !line.waiting => *unclaimed.entry(line).or_default() += 1,
                Some(&image) => table.push(entry(image, &line, self.setter(&line))),
            }
        }
        // Without a lock there is none to find the holders of.
        let watched = if unclaimed.is_empty() { &[] } else { watched };
        for (line, holders) in self.ascribe(watched)? {
            if let (Some(&image), Some(left)) =
                (self.images.get(&line.file), unclaimed.get_mut(&line).filter(|left| **left > 0))
            {
                *left -= 1;
                table.push(entry(image, &line, holders));
            }
        }
        for (line, left) in unclaimed {
            if let Some(&image) = self.images.get(&line.file) {
                table.extend((0..left).map(|_| entry(image, &line, self.setter(&line))));
            }
        }
        table.sort();
        Ok(table)
    }

    /// The process in the line, if the kernel reports one.
    fn setter(&self, line: &LockLine) -> BTreeSet<LockHolder> {
        let process = line.pid.and_then(|pid| self.processes.get(&pid)).cloned();
        process.map(LockHolder::Process).into_iter().collect()
    }

    /// The OFD locks of each open file description with the nodes that show them, and the POSIX
    /// locks of each descriptor table with its name.
    fn ascribe(
        &mut self,
        watched: &[WatchedDescriptor],
    ) -> io::Result<Vec<(LockLine, BTreeSet<LockHolder>)>> {
        let mut descriptions: BTreeMap<usize, HashMap<LockLine, BTreeSet<LockHolder>>> =
            BTreeMap::new();
        let mut owners: HashSet<(LockLine, &str)> = HashSet::new();
        for descriptor in watched {
            let locks = descriptions.entry(descriptor.description).or_default();
            let lines = match self.lines(descriptor) {
                // It was closed meanwhile, its process has ended, or shows nothing to this one.
                Err(error) if is_gone(&error) => continue,
                lines => lines?,
            };
            for line in lines {
                match line.backend {
                    Backend::Ofd => {
                        locks.entry(line).or_default().insert(descriptor.node.clone().into());
                    }
                    Backend::Posix => {
                        owners.insert((line, &descriptor.owner));
                    }
                }
            }
        }
        let process = |owner: &str| BTreeSet::from([LockHolder::Process(owner.to_owned())]);
        let posix = owners.into_iter().map(|(line, owner)| (line, process(owner)));
        Ok(descriptions.into_values().flatten().chain(posix).collect())
    }

    /// The locks that the fdinfo of a descriptor shows.
    fn lines(&mut self, descriptor: &WatchedDescriptor) -> io::Result<Vec<LockLine>> {
        let WatchedDescriptor { pid, fd, .. } = *descriptor;
        if let Some(known) = self.opened.get(&(pid, fd)) {
            return known.lines().inspect_err(|_| drop(self.opened.remove(&(pid, fd))));
        }
        if self.opened.len() >= MOST_KEPT {
            self.opened.clear();
        }
        let info = DescriptorInfo::open(pid, fd).or_else(|error| match error.raw_os_error() {
            Some(libc::EMFILE) if !self.opened.is_empty() => {
                self.opened.clear();
                DescriptorInfo::open(pid, fd)
            }
            _ => Err(error),
        })?;
        let lines = info.lines();
        self.opened.insert((pid, fd), info);
        lines
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH | libc::EACCES | libc::EPERM))
}

fn entry(image: usize, line: &LockLine, holders: BTreeSet<LockHolder>) -> TableLock {
    TableLock {
        image,
        backend: line.backend,
        kind: line.kind,
        range: line.range,
        waiting: line.waiting,
        holders,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};

    use imglock_core::{ByteLocks, LockType, RangeSpec};

    use super::*;
    use crate::lock::KernelLocks;

    #[test]
    fn a_reused_descriptor_number_shows_the_locks_of_its_new_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let paths = ["one", "two"].map(|name| directory.path().join(name));
        let mut table = LockTable::default();
        for (index, path) in paths.iter().enumerate() {
            File::create_new(path).expect("a file");
            table.add_image(FileKey::learn(path).expect("a key"), index);
        }
        let mut read = |fd: RawFd| {
            let node = NodeName::new("vm1", "disk");
            let (owner, pid) = ("vm1".to_owned(), std::process::id() as i32);
            let watched = WatchedDescriptor { node, owner, description: 0, pid, fd };
            let table = table.read(&[watched]).expect("/proc/locks");
            table.into_iter().map(|lock| (lock.image, lock.holders.len())).collect::<Vec<_>>()
        };
        let locked = |path| {
            let file = File::open(path).expect("the file");
            let mut locks = KernelLocks::new(file.as_fd(), Backend::Ofd);
            locks.set(LockType::Read, RangeSpec::byte(100)).expect("no conflict");
            file
        };
        let (one, two) = (locked(&paths[0]), locked(&paths[1]));
        let mut slot = OwnedFd::from(one.try_clone().expect("a descriptor"));
        assert_eq!(read(slot.as_raw_fd()), [(0, 1), (1, 0)]);
        rustix::io::dup2(&two, &mut slot).expect("duplicated");
        assert_eq!(read(slot.as_raw_fd()), [(0, 0), (1, 1)]);
    }
}
