//! Many tries in one request. Each try uses the requests that open and close,
//! so it acts as a scenario's step does.

use nix::errno::Errno;
use std::path::Path;

use super::channel::Channel;
use super::next::{Next, failed};
use super::planted::Planted;
use super::tried::Tried;
use super::wire::{Reply, Request};
use super::worker::perform;
use imglock_core::{Access, Backend, Claim, Outcome};

/// Tries each of `claims` with `beside` open in this process, and sends the
/// outcomes of all of them.
pub(super) fn try_each(
    channel: &mut Channel,
    planted: &Planted,
    path: &Path,
    locks: Backend,
    beside: &[Claim],
    claims: &[Claim],
) -> Next {
    let mut each = |claim: &Claim| try_one(channel, planted, path, locks, beside, *claim);
    let tried: Vec<Tried> = claims.iter().map(&mut each).collect();
    match channel.send(&tried) {
        Ok(()) => Next::Replied,
        Err(_) => Next::Exit(1),
    }
}

fn try_one(
    channel: &mut Channel,
    planted: &Planted,
    path: &Path,
    locks: Backend,
    beside: &[Claim],
    claim: Claim,
) -> Tried {
    let mut nodes = Vec::with_capacity(beside.len() + 1);
    let mut tried = Tried::Granted;
    for (holder, claim) in beside.iter().chain([&claim]).enumerate() {
        let reply = ask(channel, planted, open(path, locks, *claim));
        nodes.extend(reply.node.map(|node| node.fd));
        if holder == beside.len() {
            tried = reply.outcome.into();
        } else if reply.outcome != Outcome::Granted {
            tried = Tried::Alone { holder, outcome: reply.outcome };
            break;
        }
    }
    for fd in nodes.into_iter().rev() {
        let closed = ask(channel, planted, Request::Close { fd }).outcome;
        if closed != Outcome::Done {
            tried = Tried::Other(closed);
        }
    }
    tried
}

fn open(path: &Path, locks: Backend, claim: Claim) -> Request {
    Request::Open {
        path: path.to_owned(),
        access: Access::needed_by(claim),
        cloexec: true,
        locks: Some(locks),
        claim,
        pause_after: None,
    }
}

fn ask(channel: &mut Channel, planted: &Planted, request: Request) -> Reply {
    match perform(channel, planted, request, Vec::new()) {
        Next::Reply(reply) => reply,
        // Open and close give no other answer.
        Next::Replied | Next::Exit(_) => failed(Errno::EPROTO).into(),
    }
}
