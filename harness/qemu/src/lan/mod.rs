//! Guests on one network, which execute the requests of a test.
//!
//! Locks that reach other hosts can only be tested with other hosts. A guest
//! boots a kernel with this program as init, loads modules, brings its network
//! card up, and executes requests that arrive over its serial port.
//!
//! ```text
//!   test ─▶ LanGuest: run, start, mount, read, write, test_lock
//!              │ ▲ JSON, one message a line (wire)
//!       QEMU:  port ─▶ init ─▶ agent ─▶ programs, mounts, files of the guest
//!              card ─▶ switch (a thread of the test) ─▶ cards of the other guests
//! ```
//!
//! The memory files of kernel and initramfs, the switch and the launcher live in
//! the test's process: nothing remains of a network after it.

mod address;
mod agent;
mod ceph;
mod error;
mod frames;
mod guest;
mod hearing;
mod init;
mod interface;
mod netlink;
mod nfs;
mod order;
mod plan;
mod program;
mod role;
mod session;
mod share;
mod smb;
mod switch;
mod talk;
mod wire;

pub use ceph::CephServer;
pub use error::LanError;
pub use guest::LanGuest;
pub use nfs::{NfsServer, NfsVersion, RpcServices};
pub use plan::{GuestPlan, LanOptions};
pub use program::GuestProgram;
pub use session::Lan;
pub use share::{GuestShare, ShareServer};
pub use smb::SmbServer;
pub use wire::{FoundLock, GuestLock, GuestMount, GuestRefusal, Ran};

/// If `role` is one of a guest in a network, runs it to the end and returns the
/// exit status.
pub(crate) fn run_as(role: &str) -> Option<i32> {
    if role == role::AGENT.0 {
        return Some(init::run_agent());
    }
    if role == role::LOCK_HOLDER.0 {
        return Some(agent::run_holder());
    }
    if role != role::GUEST.0 || !init::is_first() {
        return None;
    }
    init::run();
    Some(0)
}
