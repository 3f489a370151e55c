//! The loop of a worker: receive a request, perform it, reply.

mod batch;
mod fork;
mod node;
mod race;
mod uring;

use nix::errno::Errno;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::uio::{pread, pwrite};
use nix::unistd::{Whence, lseek};

use crate::fault::{Fault, Purpose};
use crate::process::channel::Channel;
use crate::process::next::{Next, done, failed};
use crate::process::planted::Planted;
use crate::process::role::FAULT;
use crate::process::wire::{NodeHandle, Reply, Request};
use crate::process::{pausing, release};
use crate::raw::{let_signals_interrupt, numbered};
use imglock_core::{Backend, ByteLocks, LockError, LockOwner, Outcome};
use imglock_locks::ByteClaims;
use node::NodeWork;

pub(in crate::process) use fork::set_name;

/// Runs a worker that has just re-executed itself, with its socket on stdin.
pub(in crate::process) fn run_on_stdin() -> i32 {
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else { return 1 };
    // execve(2) has reset the handler to the default action.
    if let_signals_interrupt().is_err() {
        return 1;
    }
    let fault = std::env::var(FAULT).ok().and_then(|name| name.parse().ok());
    let mut channel = Channel::new(socket);
    match channel.send(&Reply::from(Outcome::Done)) {
        Ok(()) => run(channel, fault),
        Err(_) => 1,
    }
}

/// Serves requests until the other end is closed; returns the exit status.
pub(in crate::process) fn run(mut channel: Channel, fault: Option<Fault>) -> i32 {
    let planted = Planted::new(fault, &channel);
    loop {
        planted.await_request(&channel);
        let Ok((request, descriptors)) = channel.receive_with(1) else { return 0 };
        match perform(&mut channel, &planted, request, descriptors) {
            Next::Reply(reply) => {
                if channel.send(&reply).is_err() {
                    return 1;
                }
            }
            Next::Replied => {}
            Next::Exit(status) => return status,
        }
    }
}

fn perform(
    channel: &mut Channel,
    planted: &Planted,
    request: Request,
    descriptors: Vec<OwnedFd>,
) -> Next {
    match request {
        Request::Open { path, access, cloexec, locks, claim, pause_after } => {
            let before = &mut pausing::once(pause_after, || pause(channel));
            let mut nodes = NodeWork { planted, before };
            Next::Reply(nodes.open(&path, access, cloexec, locks, claim))
        }
        Request::Change { node, claim, pause_after } => {
            let before = &mut pausing::once(pause_after, || pause(channel));
            Next::Reply(NodeWork { planted, before }.change(node, claim))
        }
        Request::Reopen { node, path, access, cloexec, claim } => {
            let mut nodes = NodeWork { planted, before: &mut || {} };
            Next::Reply(nodes.reopen(node, &path, access, cloexec, claim))
        }
        Request::Close { fd } => done(planted.close(fd)).into(),
        Request::Read { fd, at, len } => read(fd, at, len).into(),
        Request::Write { fd, at, data } => write(fd, at, &data).into(),
        Request::Seek { fd, to } => seek(fd, to).into(),
        Request::Dup { fd } => dup(fd),
        Request::Give { fd } => give(channel, fd),
        Request::Take => take(descriptors),
        Request::Lock { fd, backend, kind, range, wait } => {
            with_locks(planted, fd, backend, |locks| {
                let locked =
                    if wait { locks.set_wait(kind, range) } else { locks.set(kind, range) };
                locked.map(|()| Outcome::Granted)
            })
        }
        Request::Unlock { fd, backend, range } => {
            with_locks(planted, fd, backend, |locks| locks.unlock(range).map(|()| Outcome::Done))
        }
        Request::Test { fd, backend, kind, range } => with_locks(planted, fd, backend, |locks| {
            Ok(match locks.test(kind, range)? {
                None => Outcome::Free,
                Some(blocker) => Outcome::Held {
                    kind: blocker.kind,
                    range: blocker.range,
                    owner: blocker.pid.map_or(LockOwner::Ofd, LockOwner::Pid),
                },
            })
        }),
        Request::AwaitRelease { fd, backend, range } => release::tell(channel, fd, backend, range),
        Request::TryEach { path, locks, beside, claims } => {
            batch::try_each(channel, planted, &path, locks, &beside, &claims)
        }
        Request::Race(batch) => race::race(&batch, planted, descriptors).into(),
        Request::RegisterWithUring { fd } => done(uring::register(fd)).into(),
        Request::Fork { name } => fork::fork(channel, planted, &name, run),
        Request::Thread { name } => fork::thread(channel, planted, &name, run),
        Request::Exec => fork::exec(channel, planted),
        Request::Exit => Next::Exit(0),
        // No step is paused: `Pausing` consumes its own `Resume`.
        Request::Resume => failed(Errno::EPROTO).into(),
    }
}

/// Reports the pause and waits for the request to resume. Exits when the other
/// end is closed.
fn pause(channel: &mut Channel) {
    let told = channel.send(&Reply::from(Outcome::Paused)).and_then(|()| channel.receive());
    if !matches!(told, Ok(Request::Resume)) {
        std::process::exit(1);
    }
}

fn with_locks(
    planted: &Planted,
    fd: RawFd,
    backend: Backend,
    call: impl FnOnce(&mut dyn ByteLocks) -> Result<Outcome, LockError>,
) -> Next {
    let Some(fd) = numbered(fd) else { return failed(Errno::EBADF).into() };
    let called = planted.with_locks(fd, backend, Purpose::Lock, call);
    called.unwrap_or_else(|error| Outcome::Failed(error.errno())).into()
}

fn read(fd: RawFd, at: u64, len: u64) -> Outcome {
    let (Some(fd), Ok(at), Ok(len)) = (numbered(fd), at.try_into(), usize::try_from(len)) else {
        return failed(Errno::EINVAL);
    };
    let mut bytes = vec![0; len];
    match pread(fd, &mut bytes, at) {
        Err(errno) => failed(errno),
        Ok(count) => {
            bytes.truncate(count);
            Outcome::Data(String::from_utf8_lossy(&bytes).replace('\0', "."))
        }
    }
}

fn write(fd: RawFd, at: u64, data: &str) -> Outcome {
    match (numbered(fd), at.try_into()) {
        (Some(fd), Ok(at)) => match pwrite(fd, data.as_bytes(), at) {
            Ok(count) if count < data.len() => failed(Errno::ENOSPC),
            other => done(other),
        },
        _ => failed(Errno::EINVAL),
    }
}

fn seek(fd: RawFd, to: u64) -> Outcome {
    match (numbered(fd), to.try_into()) {
        (Some(fd), Ok(to)) => done(lseek(fd, to, Whence::SeekSet)),
        _ => failed(Errno::EINVAL),
    }
}

/// A descriptor that has no lock bytes.
fn bare_node(fd: RawFd) -> Next {
    let node = NodeHandle { fd, locks: None, claims: ByteClaims::default() };
    Next::Reply(Reply { outcome: Outcome::Done, node: Some(node), pid: None })
}

fn dup(fd: RawFd) -> Next {
    let Some(fd) = numbered(fd) else { return failed(Errno::EBADF).into() };
    match fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(0)) {
        Ok(copy) => bare_node(copy),
        Err(errno) => failed(errno).into(),
    }
}

fn give(channel: &mut Channel, fd: RawFd) -> Next {
    let Some(fd) = numbered(fd) else { return failed(Errno::EBADF).into() };
    match channel.send_with(&Reply::from(Outcome::Done), &[fd]) {
        Ok(()) => Next::Replied,
        Err(_) => Next::Exit(1),
    }
}

fn take(descriptors: Vec<OwnedFd>) -> Next {
    match descriptors.into_iter().next() {
        Some(descriptor) => {
            let fd = descriptor.as_raw_fd();
            // From here on the caller keeps the descriptor in its books.
            let _ = descriptor.into_raw_fd();
            bare_node(fd)
        }
        None => failed(Errno::EMFILE).into(),
    }
}
