#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A possible explanation of a lock without a descriptor that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Explanation {
    /// It belongs to a process that is exiting and no longer shows its descriptors
    /// ([`UnexplainedLock::likely`](super::UnexplainedLock::likely)).
    ExitingProcess,
    /// It belongs to a process that could not be inspected.
    UnreadableProcess,
    /// Its descriptor is in flight in a Unix socket (unix(7)).
    InFlight,
    /// Its file is registered with io_uring, and all descriptors are closed.
    IoUring,
    /// It belongs to a thread with its own descriptor table, which could not be inspected.
    ThreadTable,
    /// It belongs to a process in another pid namespace.
    OtherNamespace,
    /// It is on another file with the same inode number, whose descriptors were not visible.
    OtherFile,
    /// The file system keeps its locks itself, as a FUSE server can. The kernel does not know their
    /// owners.
    FileSystem,
    /// It belongs to a process of another host that has the file system mounted.
    OtherHost,
    /// It belongs to a client of the kernel's NFS server, for which a thread took it that has ended
    /// since.
    ServedClient,
}

impl Explanation {
    /// A phrase that completes "the lock is" or "it can be".
    pub fn meaning(self) -> &'static str {
        match self {
            Explanation::UnreadableProcess => "of a process that could not be inspected",
            Explanation::ExitingProcess => "of a process that is exiting",
            Explanation::InFlight => "of a descriptor in flight in a Unix socket",
            Explanation::IoUring => "of a file registered with io_uring",
            Explanation::ThreadTable => "of a thread with a descriptor table of its own",
            Explanation::OtherNamespace => "of a process in another pid namespace",
            Explanation::OtherFile => "on another file with the same inode number",
            Explanation::OtherHost => "of a process on another host",
            Explanation::ServedClient => {
                "of a client of this machine's NFS server, taken by a thread that has ended"
            }
            Explanation::FileSystem => {
                "of any process: the file system keeps its locks itself and does not report their owners"
            }
        }
    }
}
