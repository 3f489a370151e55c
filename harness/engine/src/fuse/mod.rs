//! A file system served by a process of the harness: one directory, seen
//! through another.
//!
//! Its purpose is locks. With [`FuseLocks::Kernel`] the kernel keeps them, as
//! on any file system. With [`FuseLocks::Served`] the server keeps them by the
//! kernel's requests, and no request tells it that an OFD lock's file is
//! closed.
//!
//! The server is a process of its own: a process with open files on a file
//! system that it serves itself may wait for itself when it exits. It gets its
//! order from a socket, which is its standard input. It unmounts and exits when
//! that socket is closed, so it never outlives the process that started it. It
//! uses neither libfuse nor fusermount: it opens and mounts /dev/fuse itself,
//! which needs root.

mod answer;
mod attributes;
mod directory;
mod error;
mod handles;
mod inodes;
mod lock_desk;
mod lock_table;
mod mount;
mod passthrough;
mod replies;
mod role;
mod server;
mod signals;
mod tree;

use serde::{Deserialize, Serialize};

pub use error::FuseError;
pub(crate) use role::run_as;
pub use server::FuseServer;

/// How the locks of the served files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FuseLocks {
    /// The kernel keeps them, as for any file. The server gets no lock
    /// requests.
    Kernel,
    /// The server keeps them (`FUSE_POSIX_LOCKS`) and drops them at the
    /// kernel's request: a POSIX lock at `FUSE_FLUSH`, an OFD lock never.
    ///
    /// The kernel may reuse an owner's number for another owner. So the server
    /// gives a lock that has outlived its file no owner; it conflicts with
    /// every other owner's locks.
    Served,
    /// The same, by a server that uses the owner's number alone. An owner that
    /// gets the number of a dead owner also gets its locks.
    ServedByNumber,
    /// The server, which also drops the locks of a handle at its
    /// `FUSE_RELEASE`. The kernel does not wait for the answer to that request,
    /// so such a lock can briefly outlive its file.
    ServedByHandle,
}
