//! The clients of the kernel's file servers that use a file.
//!
//! A thread of the kernel takes the locks of a client: nfsd for NFSv4, lockd for NFSv3, ksmbd for SMB.
//! Several threads take the locks of one client, so a thread is no owner, and it cannot be stopped.
//! nfsd lists its clients and their states in /proc/fs/nfsd/clients (fs/nfsd/nfs4state.c, since
//! Linux 5.3). lockd and ksmbd have no such list.
//!
//! This room reads files and compares names of files. It asks no server, and it knows no lock.

mod client;
mod gap;
mod hosts;
mod list;
mod server;
mod state;

pub use client::{ClientStatus, ServedClient};
pub use gap::ServedGap;
pub(crate) use hosts::monitored_hosts;
pub(crate) use list::ClientList;
pub use server::FileServer;
pub use state::{ServedState, ShareMode, StateKind};
