//! Real processes: the launcher that forks them, the worker that runs in each
//! of them, and the messages between them.
//!
//! ```text
//!   command (many threads, never forks)
//!      │ re-executes itself as
//!      ▼
//!   launcher (one thread; parent of all workers; owns the scratch directory)
//!      │ forks, and hands the worker's socket back by SCM_RIGHTS
//!      ▼
//!   worker vm1   worker vm2 ──fork──▶ worker child
//! ```
//!
//! When the command dies, by whatever signal, the launcher reads end-of-file,
//! kills its workers and removes the scratch directory.
//!
//! Besides workers the launcher starts other programs ([`Launcher::execute`]).
//! Their standard input is a stream socket.
//!
//! A worker keeps no state between requests: a node (its descriptor, its
//! lock bytes, its backend) is a [`NodeHandle`] that the caller keeps and
//! sends with each request. So fork, exec, a passed descriptor and a shared
//! descriptor table need no agreement between the processes involved.

mod channel;
mod deny_ofd;
mod error;
mod execution;
mod full_pipe;
mod launcher;
mod next;
mod pausing;
mod pidfd;
mod planted;
mod release;
mod role;
mod slumber;
mod stop;
mod tried;
mod wire;
mod worker;

pub use channel::Channel;
pub use error::{ProcessError, ReceiveError, describe};
pub use execution::{Executed, Execution, Log, StandardError};
pub use launcher::{Launcher, LauncherOptions, Worker};
pub use pidfd::ProcessHandle;
pub use release::{Released, monotonic};
pub use role::ROLE;
pub use slumber::Slumber;
pub use stop::{StopToken, StopTrigger, await_any, await_readable};
pub use tried::Tried;
pub use wire::{NodeHandle, Reply, Request};

use role::{LAUNCHER, WORKER};

/// Runs as a launcher or a worker if `role` names one, and returns the exit
/// status.
pub(crate) fn run_as(role: &str) -> Option<i32> {
    match role {
        LAUNCHER => Some(launcher::run_on_stdin()),
        WORKER => Some(worker::run_on_stdin()),
        _ => None,
    }
}
