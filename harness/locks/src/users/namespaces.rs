use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::gap::Gaps;
use super::mounts::Mount;
use super::processes::{pids, runs_a_program};
use super::root::Root;
use super::{DataProcess, UserGap};

/// The mounts of one mount namespace, as one of its processes sees them.
#[derive(Debug)]
pub(super) struct Namespace {
    /// The process with the smallest pid in it. `None` for the namespace of the survey.
    pub(super) process: Option<DataProcess>,
    /// The root directory of that process.
    pub(super) root: Root,
    pub(super) mounts: Vec<Mount>,
}

/// The directory of the calling thread in /proc: a thread can have a mount namespace of its own.
const THIS_THREAD: &str = "/proc/thread-self";

/// Reads the mounts of this mount namespace, the first of the result, and of every other one in
/// which a process runs. A namespace without a process, which only a descriptor or a bind mount
/// keeps, is not found.
pub(super) fn namespaces(root: &Root, gaps: &mut Gaps) -> Vec<Namespace> {
    let own = root.bytes(Path::new(THIS_THREAD).join("mountinfo")).unwrap_or_else(|_| {
        gaps.unreadable("/proc/thread-self/mountinfo");
        Vec::new()
    });
    let mounts = Mount::parse_all(&own);
    let mut all = vec![Namespace { process: None, root: root.clone(), mounts }];
    let others = others(root, gaps);
    let mut unread = 0;
    for pid in others {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        match root.bytes(folder.join("mountinfo")) {
            Ok(text) => all.push(Namespace {
                process: Some(DataProcess::read(root, pid)),
                root: Root::under(root.at(folder.join("root"))),
                mounts: Mount::parse_all(&text),
            }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => unread += 1,
            // The process has exited.
            Err(_) => {}
        }
    }
    if unread > 0 {
        gaps.add(UserGap::MountNamespaces { count: unread });
    }
    all
}

/// One process of each other mount namespace.
fn others(root: &Root, gaps: &mut Gaps) -> Vec<i32> {
    // The links lead to inodes of nsfs (proc_pid_ns(5)).
    let Ok(own) = std::fs::metadata(root.at(Path::new(THIS_THREAD).join("ns/mnt"))) else {
        return Vec::new();
    };
    let own = std::os::unix::fs::MetadataExt::ino(&own);
    let mut processes: BTreeMap<u64, i32> = BTreeMap::new();
    let mut unreadable = 0;
    for pid in pids(root) {
        match std::fs::metadata(root.at(format!("/proc/{pid}/ns/mnt"))) {
            Ok(namespace) => {
                let namespace = std::os::unix::fs::MetadataExt::ino(&namespace);
                processes.entry(namespace).or_insert(pid);
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                unreadable += usize::from(runs_a_program(root, pid));
            }
            // The process has exited.
            Err(_) => {}
        }
    }
    if unreadable > 0 {
        gaps.add(UserGap::Processes { count: unreadable });
    }
    processes.remove(&own);
    let mut processes: Vec<i32> = processes.into_values().collect();
    processes.sort_unstable();
    processes
}
