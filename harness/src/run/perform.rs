//! Carries out one step: turns an action into requests to processes.

use std::fs::{self, File};
use std::os::fd::AsFd;

use nix::errno::Errno;

use super::books::Books;
use super::books_node::Node;
use super::cast::{Cast, StepFailure};
use super::performed::Performed;
use super::waiting;
use crate::image::{Access, Claim, FALLBACK_WARNING};
use crate::process::{Channel, Request, Worker};
use crate::step::{Action, ErrorName, LockOwner, OpenOptions, Outcome};

/// Carries out a step of an actor. `predicted` is only a hint of how long to
/// look whether the step blocks.
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
            let pending =
                books.pending(actor).ok_or_else(|| StepFailure::harness("nothing is awaited"))?;
            let performed = waiting::take_up(cast, books, actor, pending, predicted)?;
            Ok(told(cast, books, action, performed))
        }
        Action::Send { node, to, .. } => send(cast, books, actor, node, to),
        action if action.is_hosts() => host(cast, action),
        action => {
            let Some(request) = request(cast, books, actor, action)? else {
                return Ok(Outcome::NotOpen.into());
            };
            let performed = match action {
                Action::Lock { wait: true, .. } => {
                    waiting::lock(cast, books, actor, action, &request, predicted)?
                }
                _ => cast.call(actor, &request)?.into(),
            };
            Ok(told(cast, books, action, performed))
        }
    }
}

/// The request that an action of a node means; `None` when there is no node.
pub(super) fn request(
    cast: &Cast,
    books: &Books,
    actor: &str,
    action: &Action,
) -> Result<Option<Request>, StepFailure> {
    if let Action::Open { options, .. } = action {
        return Ok(Some(open(cast, books, options)));
    }
    if matches!(action, Action::Exec) {
        return Ok(Some(Request::Exec));
    }
    let Some(node) = action.node().and_then(|node| books.node(actor, node)) else {
        return Ok(None);
    };
    let handle = || node.handle.clone();
    let fd = node.handle.fd;
    let backend = books.byte_backend(&node.options);
    Ok(Some(match action {
        Action::Close { .. } => Request::Close { fd },
        Action::Reopen { mode, access, .. } => reopen(cast, node, mode.claim(), *access),
        // An inactive node only notes the claim; no byte is touched.
        Action::Set { mode, pause_after, .. } => Request::Change {
            node: handle(),
            claim: if node.active { mode.claim() } else { Claim::NOTHING },
            pause_after: *pause_after,
        },
        Action::Inactivate { .. } => {
            Request::Change { node: handle(), claim: Claim::NOTHING, pause_after: None }
        }
        Action::Activate { .. } => {
            Request::Change { node: handle(), claim: node.claim, pause_after: None }
        }
        Action::Read { at, len, .. } => Request::Read { fd, at: *at, len: *len },
        Action::Write { at, data, .. } => Request::Write { fd, at: *at, data: data.clone() },
        Action::Seek { to, .. } => Request::Seek { fd, to: *to },
        Action::Dup { .. } => Request::Dup { fd },
        Action::Lock { kind, range, wait, .. } => {
            Request::Lock { fd, backend, kind: *kind, range: *range, wait: *wait }
        }
        Action::Unlock { range, .. } => Request::Unlock { fd, backend, range: *range },
        Action::Test { kind, range, .. } => {
            Request::Test { fd, backend, kind: *kind, range: *range }
        }
        other => return Err(StepFailure::harness(format!("`{other}` is no request of a node"))),
    }))
}

fn open(cast: &Cast, books: &Books, options: &OpenOptions) -> Request {
    Request::Open {
        path: cast.directory.join(&options.image),
        access: options.access,
        cloexec: options.cloexec,
        locks: books.resolve(options).0,
        claim: if options.inactive { Claim::NOTHING } else { options.mode.claim() },
        pause_after: options.pause_after,
    }
}

fn reopen(cast: &Cast, node: &Node, claim: Claim, access: Access) -> Request {
    Request::Reopen {
        node: node.handle.clone(),
        path: cast.directory.join(&node.options.image),
        access,
        cloexec: node.options.cloexec,
        claim: if node.active { claim } else { Claim::NOTHING },
    }
}

/// What a worker answered, told as a scenario tells it.
pub(super) fn told(
    cast: &Cast,
    books: &Books,
    action: &Action,
    mut performed: Performed,
) -> Performed {
    match (action, &mut performed.outcome) {
        // QEMU warns when it falls back, whether the open succeeds or not.
        (Action::Open { options, .. }, _) if books.resolve(options).1 => {
            performed.warnings.extend(FALLBACK_WARNING.map(str::to_owned));
        }
        // For a worker it is a change of the claim; a scenario asks for nothing.
        (Action::Inactivate { .. }, outcome @ Outcome::Granted) => *outcome = Outcome::Done,
        // The kernel names the owner of a POSIX lock by pid, a scenario by name.
        (_, Outcome::Held { owner, .. }) => {
            if let LockOwner::Pid(pid) = owner
                && let Some(name) = cast.actor(*pid)
            {
                *owner = LockOwner::Actor(name.to_owned());
            }
        }
        _ => {}
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
    cast.enter(name, &owner, Worker { pid, channel: Channel::new(socket) });
    let born = Some((name.to_owned(), pid));
    Ok(Performed { born, ..reply.into() })
}

/// Tells an actor to exit, or kills it.
pub(super) fn begin_end(cast: &mut Cast, actor: &str, action: &Action) -> Result<(), StepFailure> {
    match action {
        Action::Exit => cast.channel(actor)?.send(&Request::Exit)?,
        _ => cast.handle(actor)?.kill()?,
    }
    Ok(())
}

/// Waits until an actor is gone. Its pid stays its own: nobody reaps it before
/// the scenario ends.
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
    // Our own copy goes only now, when the receiver has its own.
    drop(descriptor);
    Ok(reply.into())
}

fn host(cast: &mut Cast, action: &Action) -> Result<Performed, StepFailure> {
    let path = |name: &str| cast.directory.join(name);
    let result = match action {
        Action::Create { image, size } => {
            File::create_new(path(image)).and_then(|file| file.set_len(*size))
        }
        Action::HardLink { name, to } => fs::hard_link(path(to), path(name)),
        Action::Symlink { name, to } => std::os::unix::fs::symlink(to, path(name)),
        Action::Rename { image, to } => fs::rename(path(image), path(to)),
        Action::Unlink { image } => fs::remove_file(path(image)),
        other => return Err(StepFailure::harness(format!("`{other}` is nothing the host does"))),
    };
    if let (Ok(()), Action::Create { image, .. }) = (&result, action) {
        cast.add_image(image)?;
    }
    Ok(match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Failed(ErrorName(
            error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw),
        )),
    }
    .into())
}
