//! A worker's fork, clone and exec.

use nix::errno::Errno;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::Pid;

use crate::fault::Fault;
use crate::process::channel::Channel;
use crate::process::next::{Next, failed};
use crate::process::planted::Planted;
use crate::process::role::{FAULT, ROLE, WORKER};
use crate::process::wire::Reply;
use crate::raw::{clone_into, fork_into};
use imglock_core::Outcome;

/// Serves a channel as a worker does, to the end.
type Serve = fn(Channel, Option<Fault>) -> i32;

/// Forks a worker; the child closes the parent's socket.
pub(super) fn fork(channel: &mut Channel, planted: &Planted, name: &str, serve: Serve) -> Next {
    let Ok((ours, theirs)) = Channel::pair() else { return failed(Errno::EMFILE).into() };
    let parent = channel.number();
    let made = fork_into(|| {
        let _ = nix::unistd::close(parent);
        set_name(name);
        planted.be_born();
        serve(Channel::new(theirs), planted.fault)
    });
    introduce(channel, made, ours)
}

/// Clones a worker that shares the descriptor table.
pub(super) fn thread(channel: &mut Channel, planted: &Planted, name: &str, serve: Serve) -> Next {
    let Ok((ours, theirs)) = Channel::pair() else { return failed(Errno::EMFILE).into() };
    let made = clone_into(|| {
        set_name(name);
        serve(Channel::new(theirs), planted.fault)
    });
    introduce(channel, made, ours)
}

fn introduce(channel: &mut Channel, made: Result<Pid, Errno>, socket: OwnedFd) -> Next {
    let pid = match made {
        Ok(pid) => pid.as_raw(),
        Err(errno) => return failed(errno).into(),
    };
    let reply = Reply { outcome: Outcome::Done, node: None, pid: Some(pid) };
    match channel.send_with(&reply, &[socket.as_fd()]) {
        Ok(()) => Next::Replied,
        Err(_) => Next::Exit(1),
    }
}

/// Re-executes the program with the socket as its stdin; the new program
/// replies.
pub(super) fn exec(channel: &mut Channel, planted: &Planted) -> Next {
    let Ok(socket) = channel.duplicate() else { return failed(Errno::EMFILE).into() };
    let mut command = Command::new("/proc/self/exe");
    command.arg0("imglock-worker").env(ROLE, WORKER).stdin(Stdio::from(socket));
    if let Some(fault) = planted.fault {
        command.env(FAULT, fault.name());
    }
    planted.be_executed();
    let error = command.exec();
    failed(error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)).into()
}

/// Sets the process's `comm`, which ps(1) and lslocks(8) show. The kernel
/// truncates it to 15 bytes.
pub(in crate::process) fn set_name(name: &str) {
    if let Ok(name) = CString::new(name) {
        let _ = nix::sys::prctl::set_name(&name);
    }
}
