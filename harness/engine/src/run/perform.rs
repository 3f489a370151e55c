//! Performs one step: turns an action into a deed of the actor's player, or
//! into a request that only workers or the host can carry out.

use std::fs::{self, File};
use std::os::fd::AsFd;

use super::books::Books;
use super::books::Node;
use super::cast::{Cast, StepFailure};
use super::waiting;
use crate::process::{Channel, Request, Worker};
use crate::subject::{BuiltinPlayer, Deed, OpenNode, Performed, request};
use imglock_core::{Action, Errno, LockOwner, Outcome};

/// Performs a step of an actor. `predicted` is only a hint: how long to check
/// whether the step blocks.
pub(super) fn perform(
    cast: &mut Cast,
    books: &Books,
    actor: &str,
    action: &Action,
    predicted: Option<&Outcome>,
) -> Result<Performed, StepFailure> {
    match action {
        Action::Fork { child } => {
            give_birth(cast, books, actor, child, &Request::Fork { name: child.clone() })
        }
        Action::Thread { name } => {
            give_birth(cast, books, actor, name, &Request::Thread { name: name.clone() })
        }
        Action::Exit | Action::Kill => {
            begin_end(cast, actor, action)?;
            await_end(cast, actor)
        }
        Action::Stop | Action::Continue | Action::Signal => {
            waiting::signal(cast, books, actor, action)
        }
        Action::Await => {
            let performed = waiting::take_up(cast, books, actor, predicted)?;
            Ok(told(cast, performed))
        }
        Action::Send { node, to, .. } => send(cast, books, actor, node, to),
        Action::Create { .. }
        | Action::HardLink { .. }
        | Action::Symlink { .. }
        | Action::Rename { .. }
        | Action::Unlink { .. }
        | Action::Bind { .. }
        | Action::Overlay { .. } => host(cast, books, action),
        Action::Open { .. }
        | Action::Close { .. }
        | Action::Reopen { .. }
        | Action::Set { .. }
        | Action::Inactivate { .. }
        | Action::Activate { .. }
        | Action::Read { .. }
        | Action::Write { .. }
        | Action::Seek { .. }
        | Action::Dup { .. }
        | Action::Lock { .. }
        | Action::Unlock { .. }
        | Action::Test { .. }
        | Action::Exec => {
            let Some(deed) = deed(books, actor, action) else {
                return Ok(Outcome::NotOpen.into());
            };
            let performed = match action {
                Action::Lock { wait: true, .. } => {
                    let request = request(&deed, &cast.directory)?;
                    waiting::lock(cast, books, actor, action, &request, predicted)?
                }
                _ => {
                    cast.begin(actor, &deed)?;
                    cast.finish(actor)?
                }
            };
            Ok(told(cast, performed))
        }
    }
}

/// The deed of an action; `None` when the actor has no such node.
pub(super) fn deed<'a>(books: &'a Books, actor: &str, action: &'a Action) -> Option<Deed<'a>> {
    let backend = books.backend();
    if let Action::Open { options, .. } = action {
        let locks = books.resolve(options).0;
        return Some(Deed { action, node: None, locks, bytes: backend });
    }
    let Some(name) = action.node() else {
        return Some(Deed { action, node: None, locks: None, bytes: backend });
    };
    let Node { options, claim, active, handle, locks, .. } = books.node(actor, name)?;
    let node = Some(OpenNode { options, claim: *claim, active: *active, handle });
    Some(Deed { action, node, locks: *locks, bytes: books.byte_backend(options) })
}

/// A player's answer in the terms of a scenario.
pub(super) fn told(cast: &Cast, mut performed: Performed) -> Performed {
    // The kernel names the owner of a POSIX lock by pid, a scenario by name.
    if let Outcome::Held { owner, .. } = &mut performed.outcome
        && let LockOwner::Pid(pid) = owner
        && let Some(name) = cast.actor(*pid)
    {
        *owner = LockOwner::Actor(name.to_owned());
    }
    performed
}

fn give_birth(
    cast: &mut Cast,
    books: &Books,
    parent: &str,
    name: &str,
    request: &Request,
) -> Result<Performed, StepFailure> {
    let (reply, socket) = cast.call_for_descriptor(parent, request)?;
    let (Some(pid), Some(socket)) = (reply.pid, socket) else {
        return Ok(reply.into());
    };
    let owner = match request {
        Request::Thread { .. } => books.owner(parent).unwrap_or(parent).to_owned(),
        _ => name.to_owned(),
    };
    let worker = Worker { pid, channel: Channel::new(socket) };
    cast.enter(name, &owner, Box::new(BuiltinPlayer::new(worker)));
    let born = Some((name.to_owned(), pid));
    Ok(Performed { born, ..reply.into() })
}

/// Makes an actor exit, or kills it.
pub(super) fn begin_end(cast: &mut Cast, actor: &str, action: &Action) -> Result<(), StepFailure> {
    match action {
        Action::Exit => cast.player(actor)?.leave()?,
        Action::Kill => cast.handle(actor)?.kill()?,
        other => return Err(StepFailure::harness(format!("`{other}` ends no process"))),
    }
    Ok(())
}

/// Waits until an actor has exited. Its pid stays reserved, because no process
/// is reaped before the scenario ends.
pub(super) fn await_end(cast: &mut Cast, actor: &str) -> Result<Performed, StepFailure> {
    cast.handle(actor)?.await_exit(cast.deadline(), &cast.stop)?;
    cast.leave(actor);
    Ok(Outcome::Done.into())
}

fn send(
    cast: &mut Cast,
    books: &Books,
    actor: &str,
    node: &str,
    to: &str,
) -> Result<Performed, StepFailure> {
    let Some(node) = books.node(actor, node) else { return Ok(Outcome::NotOpen.into()) };
    let request = Request::Give { fd: node.handle.fd };
    let (reply, passed) = cast.call_for_descriptor(actor, &request)?;
    let Some(descriptor) = passed else { return Ok(reply.into()) };
    cast.channel(to)?.send_with(&Request::Take, &[descriptor.as_fd()])?;
    let reply = cast.reply(to)?;
    // Close this copy only now: the receiver has its own.
    drop(descriptor);
    Ok(reply.into())
}

fn host(cast: &mut Cast, books: &Books, action: &Action) -> Result<Performed, StepFailure> {
    let path = |name: &str| cast.directory.join(name);
    let result = match action {
        Action::Create { image, size } => {
            File::create_new(path(image)).and_then(|file| file.set_len(*size))
        }
        Action::HardLink { name, to } => fs::hard_link(path(to), path(name)),
        Action::Symlink { name, to } => std::os::unix::fs::symlink(to, path(name)),
        Action::Rename { image, to } => fs::rename(path(image), path(to)),
        Action::Unlink { image } => fs::remove_file(path(image)),
        Action::Bind { name, to, read_only } => {
            cast.mounts.bind(&path(to), &path(name), *read_only)?
        }
        Action::Overlay { name, over } => {
            cast.mounts.overlay(&path(over), &path(name), books.is_mount(over))?
        }
        other => return Err(StepFailure::harness(format!("the host does not perform `{other}`"))),
    };
    if let (Ok(()), Some(image)) = (&result, action.new_image()) {
        cast.add_image(image)?;
    }
    Ok(match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Failed(Errno::from(&error)),
    }
    .into())
}
