use std::os::fd::RawFd;
use std::time::SystemTime;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A process, with the facts that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct HolderProcess {
    /// Its process ID in the pid namespace of the survey.
    pub pid: i32,
    /// The thread whose descriptor table [`fds`](HolderProcess::fds) refers to. `None` for the table of
    /// the main thread, which all threads share in most cases. A thread has another table after
    /// unshare(2) with `CLONE_FILES`, or if the main thread has exited before it. Its descriptors are in
    /// /proc/PID/task/THREAD/fd.
    pub thread: Option<i32>,
    /// The process ID of its current parent.
    pub ppid: Option<i32>,
    /// The short name of its current parent.
    pub parent: Option<String>,
    /// Its effective user ID.
    pub uid: Option<u32>,
    /// The name of that user, if there is one.
    pub user: Option<String>,
    /// Its short name, which the kernel truncates to 15 bytes. Empty if it has exited.
    pub comm: String,
    /// Its command line. Empty if the process has erased it.
    pub command: Vec<String>,
    /// Its start time, in whole seconds.
    pub started: Option<SystemTime>,
    /// Whether the process that started it has exited, so that its current parent is another one. A
    /// program that detaches by setsid(2) alone looks like one that the current parent started, and
    /// is not reported. A daemon that forks once more afterwards is, as with QEMU's `-daemonize`.
    pub orphan: bool,
    /// The descriptors of the image in this process that belong to this owner. Empty if the process
    /// could not be inspected.
    pub fds: Vec<RawFd>,
}

#[cfg(test)]
impl HolderProcess {
    /// A process of which only the process ID is known.
    pub(crate) fn of_pid(pid: i32) -> HolderProcess {
        HolderProcess {
            pid,
            thread: None,
            ppid: None,
            parent: None,
            uid: None,
            user: None,
            comm: String::new(),
            command: Vec::new(),
            started: None,
            orphan: false,
            fds: Vec::new(),
        }
    }
}
