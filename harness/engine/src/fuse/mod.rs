//! A file system served by a process of ours: what is in one directory, seen
//! through another.
//!
//! Locks are the point of it. Left to the kernel ([`FuseLocks::Kernel`]) they
//! are what they are anywhere. Served ([`FuseLocks::Served`]) they are what
//! the kernel tells the server, and of an OFD lock it never tells the end.
//!
//! The server is a process of its own, because one that has files open on
//! what it serves itself can wait for itself when it exits. It is told where
//! and what by a socket that is its standard input, and unmounts and ends
//! when that is closed, so it never outlives who started it. There is no
//! libfuse in it and no fusermount: /dev/fuse is opened and mounted by us,
//! which takes root.

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

/// Who keeps the locks of the files that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FuseLocks {
    /// The kernel, as for any file: the server hears nothing of them.
    Kernel,
    /// The server (`FUSE_POSIX_LOCKS`), which drops what the kernel tells it
    /// to: a POSIX lock at `FUSE_FLUSH`, an OFD lock never.
    ///
    /// The number that an owner has can come back as another's. A lock that
    /// has outlived its file is nobody's then, and stays in everybody's way.
    Served,
    /// The same, by a server that goes by the owner's number alone. Whoever is
    /// given a number that was a dead owner's has the dead one's locks.
    ServedByNumber,
    /// The server, which also drops at `FUSE_RELEASE` what was locked through
    /// the handle that is released. Nobody waits for that request to be
    /// answered, so such a lock can outlive its file for a moment.
    ServedByHandle,
}
