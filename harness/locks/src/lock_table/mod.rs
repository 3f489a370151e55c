//! The kernel's lock table, from /proc/locks and /proc/PID/fdinfo (proc_locks(5),
//! proc_pid_fdinfo(5)).
//!
//! An OFD lock has pid -1 in /proc/locks. Only the `lock:` lines of fdinfo show its owner. The device
//! in /proc/locks is that of the super block, which differs from stat(2) on btrfs and overlayfs.
//! Therefore a file is identified by the name that the kernel prints for a lock of this process
//! ([`FileKey::learn`]).

mod any_line;
mod key;
mod line;
mod reading;
mod settled;

pub use any_line::{AnyLine, LockClass, lines_of, lines_of_fdinfo};
pub use key::FileKey;
pub use line::{LockLine, waiting_lines};
pub use reading::{LockTable, WatchedDescriptor};
