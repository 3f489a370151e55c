//! Runs scenarios with real processes.

pub mod arena;
pub mod compare;
pub mod explore;
pub mod fault;
pub mod file_system;
pub mod fuse;
pub mod lanes;
pub mod probe;
pub mod process;
pub mod race;
pub mod raw;
pub mod run;
pub mod self_test;
pub mod series;
mod shard;
pub mod subject;
pub mod sweep;
pub use shard::{ParseShardError, Shard};

/// Turns this process into the part of the engine that it was started as: a
/// launcher, a worker, or the server of a file system. It returns at once in
/// an ordinary start, and never in these.
///
/// Call it first in `main`: processes are made by starting the program again,
/// because a program with several threads must not fork.
pub fn init() {
    init_with(|_| None);
}

/// Like [`init`], for a crate that adds roles of its own: `other` plays those
/// that this crate does not know, and returns the exit status.
pub fn init_with(other: impl FnOnce(&str) -> Option<i32>) {
    let Ok(role) = std::env::var(process::ROLE) else { return };
    let parts = process::run_as(&role).or_else(|| fuse::run_as(&role));
    // A role that no crate knows is an ordinary start.
    if let Some(status) = parts.or_else(|| other(&role)) {
        std::process::exit(status);
    }
}
