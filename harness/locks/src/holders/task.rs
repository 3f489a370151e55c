use std::fmt;

/// A thread of a process. It stands for its descriptor table, which all threads of a process share
/// in most cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Task {
    /// The process.
    pub(super) pid: i32,
    /// The thread. The main thread has the ID of the process.
    pub(super) tid: i32,
}

impl Task {
    /// The main thread of a process.
    pub(super) fn main(pid: i32) -> Task {
        Task { pid, tid: pid }
    }

    /// The ID of the thread, if it is not the main thread.
    pub(super) fn thread(self) -> Option<i32> {
        (self.tid != self.pid).then_some(self.tid)
    }
}

impl fmt::Display for Task {
    /// Prints its directory, relative to /proc: `812`, or `812/task/815`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thread() {
            None => write!(f, "{}", self.pid),
            Some(tid) => write!(f, "{}/task/{tid}", self.pid),
        }
    }
}
