//! Many tries in one request. Each opens and closes as the steps of a scenario
//! do.

use std::path::Path;

use super::node::NodeWork;
use crate::process::channel::Channel;
use crate::process::next::{Next, done};
use crate::process::planted::Planted;
use crate::process::tried::Tried;
use crate::process::wire::Reply;
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
    let mut each = |claim: &Claim| try_one(planted, path, locks, beside, *claim);
    let tried: Vec<Tried> = claims.iter().map(&mut each).collect();
    match channel.send(&tried) {
        Ok(()) => Next::Replied,
        Err(_) => Next::Exit(1),
    }
}

fn try_one(
    planted: &Planted,
    path: &Path,
    locks: Backend,
    beside: &[Claim],
    claim: Claim,
) -> Tried {
    let mut nodes = Vec::with_capacity(beside.len() + 1);
    let mut tried = Tried::Granted;
    for (holder, claim) in beside.iter().chain([&claim]).enumerate() {
        let reply = open(planted, path, locks, *claim);
        nodes.extend(reply.node.map(|node| node.fd));
        if holder == beside.len() {
            tried = reply.outcome.into();
        } else if reply.outcome != Outcome::Granted {
            tried = Tried::Alone { holder, outcome: reply.outcome };
            break;
        }
    }
    for fd in nodes.into_iter().rev() {
        let closed = done(planted.close(fd));
        if closed != Outcome::Done {
            tried = Tried::Other(closed);
        }
    }
    tried
}

fn open(planted: &Planted, path: &Path, locks: Backend, claim: Claim) -> Reply {
    let mut nodes = NodeWork { planted, before: &mut || {} };
    nodes.open(path, Access::needed_by(claim), true, Some(locks), claim)
}
