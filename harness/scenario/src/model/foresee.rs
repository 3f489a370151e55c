use imglock_core::{
    Access, Action, ByteRange, Errno, LockOwner, LockType, OpenOptions, Outcome, RangeSpec, Whence,
};

use super::attempt::{Attempt, Call};
use super::change::{calls_of, calls_of_open};
use super::process::{Node, Pending, Place, Request};
use super::table::Owner;
use super::wait::Answer;
use super::world::{World, backend_of};
use super::{Prediction, failed, span};

/// Witness data is short. A longer read would test the limits of the file system.
const LONGEST_READ: u64 = 1 << 24;
/// The maximum offset, in bytes, that all common file systems allow.
const FARTHEST_OFFSET: u64 = 1 << 40;

impl World {
    /// The outcome that `action` by `actor` must have now, if nothing else happens meanwhile.
    ///
    /// `await` has the outcome of the pending step, `blocked` while it still waits, and `ECHILD` if no
    /// step is pending. A verb of a node that does not exist has `not-open`. For verbs of the host, the
    /// actor is ignored.
    pub fn predict(&self, actor: &str, action: &Action) -> Prediction {
        let images = &self.images;
        let table = self.table_of(actor);
        let on = |name: &str, foresee: &dyn Fn(&Node, Place) -> Prediction| {
            self.foresee_node(table, name, action, foresee)
        };
        match action {
            Action::Open { options, .. } => self.foresee_open(table, options),
            Action::Close { node }
            | Action::Inactivate { node }
            | Action::Dup { node, .. }
            | Action::Send { node, .. } => on(node, &|_, _| Outcome::Done.into()),
            Action::Reopen { node, mode, access } => on(node, &|node, place| {
                if self.lets_a_waiter_in(place, &calls_of(node, mode.claim())) {
                    return weakened();
                }
                self.foresee_reopen(table, node, mode.claim(), *access).into()
            }),
            Action::Set { node, mode, pause_after } => on(node, &|node, place| {
                self.foresee_calls(place, &calls_of(node, mode.claim()), *pause_after)
            }),
            Action::Activate { node } => on(node, &|node, place| match node.dormant {
                Some(goal) => {
                    let awake = Node { dormant: None, ..node.clone() };
                    self.foresee_calls(place, &calls_of(&awake, goal), None)
                }
                None => Outcome::Granted.into(),
            }),
            Action::Read { node, at, len } => {
                on(node, &|node, place| self.foresee_read(node, place, *at, *len))
            }
            Action::Write { node, at, data } => {
                on(node, &|_, place| foresee_write(place, *at, data.len() as u64))
            }
            Action::Seek { node, to } => on(node, &|_, _| match i64::try_from(*to) {
                Err(_) => failed(Errno::EINVAL).into(),
                Ok(_) if *to > FARTHEST_OFFSET => too_far(),
                Ok(_) => Outcome::Done.into(),
            }),
            Action::Lock { node: name, kind, range, wait } => {
                on(name, &|_, _| match self.request(actor, (table, name), *kind, *range) {
                    Err(errno) => failed(errno).into(),
                    Ok(request) => match (self.ask(&request), wait) {
                        (Answer::Free, _) => Outcome::Granted.into(),
                        (_, false) => failed(Errno::EAGAIN).into(),
                        (Answer::Deadlock, true) => failed(Errno::EDEADLK).into(),
                        (Answer::Wait(_), true) => Outcome::Blocked.into(),
                    },
                })
            }
            Action::Unlock { node, range } => {
                on(node, &|node, _| match self.range_of(node, *range) {
                    Err(errno) => failed(errno).into(),
                    Ok(_) => Outcome::Done.into(),
                })
            }
            Action::Test { node, kind, range } => {
                on(node, &|node, place| self.foresee_test(node, place, *kind, *range))
            }
            // These verbs change processes.
            Action::Fork { .. }
            | Action::Thread { .. }
            | Action::Exec
            | Action::Exit
            | Action::Kill
            | Action::Stop
            | Action::Continue
            | Action::Signal => Outcome::Done.into(),
            Action::Await => self.foresee_await(actor, table),
            Action::Create { image, .. } => done_unless(images.may_add(image)),
            Action::HardLink { name, to } => done_unless(images.may_link(name, to)),
            Action::Symlink { name, .. } => done_unless(images.may_add(name)),
            Action::Rename { image, to } => done_unless(images.may_rename(image, to)),
            Action::Unlink { image } => done_unless(images.may_unlink(image)),
            Action::Bind { name, to, .. } => done_unless(images.may_bind(name, to)),
            Action::Overlay { name, over } => done_unless(images.may_overlay(name, over)),
        }
    }

    fn foresee_open(&self, table: usize, options: &OpenOptions) -> Prediction {
        let file = match self.images.reach(&options.image, options.access) {
            Ok(file) => file,
            Err(errno) => return failed(errno).into(),
        };
        let (backend, locking) = backend_of(options, self.backend);
        let place = self.next_place(backend, table, file, options.access);
        self.foresee_calls(place, &calls_of_open(options, locking), options.pause_after)
    }

    /// What comes of an action on the node called `name`, which is
    /// `not-open` where there is none.
    fn foresee_node(
        &self,
        table: usize,
        name: &str,
        action: &Action,
        foresee: &dyn Fn(&Node, Place) -> Prediction,
    ) -> Prediction {
        let Some(node) = self.open_node(table, name) else { return Outcome::NotOpen.into() };
        let Some(place) = self.place(table, node) else { return Outcome::NotOpen.into() };
        if self.image_of(node).is_some_and(|image| image.doubtful) && asks_for_contents(action) {
            return Prediction::Unknown(
                "overlayfs does not define the data of a file whose lower file was written".into(),
            );
        }
        foresee(node, place)
    }

    fn foresee_calls(&self, place: Place, calls: &[Call], pause_after: Option<u32>) -> Prediction {
        if self.lets_a_waiter_in(place, calls) {
            return weakened();
        }
        self.attempt(place, calls, pause_after).into()
    }

    /// Returns whether one of the read locks replaces a write lock of the same owner while an actor
    /// waits. The woken actor then races with the remaining calls.
    fn lets_a_waiter_in(&self, place: Place, calls: &[Call]) -> bool {
        let locks = || calls.iter().filter(|call| matches!(call, Call::Lock(_)));
        self.queue.iter().any(|request| request.file == place.file)
            && self.locks_of(place.file).is_some_and(|table| {
                table.of(place.owner).iter().any(|held| {
                    held.kind == LockType::Write
                        && locks().any(|call| {
                            let (byte, _) = call.asks();
                            held.range.first <= byte && byte <= held.range.last
                        })
                })
            })
    }

    fn foresee_await(&self, actor: &str, table: usize) -> Prediction {
        match self.actors.get(actor).and_then(|actor| actor.pending.as_ref()) {
            None => failed(Errno::ECHILD).into(),
            Some(Pending::Waiting | Pending::Stopped { .. }) => Outcome::Blocked.into(),
            Some(Pending::Over(outcome)) => outcome.clone().into(),
            Some(Pending::Paused(Attempt { node, calls, .. })) => {
                let place = self.node(table, node).and_then(|node| self.place(table, node));
                match place {
                    Some(place) => self.foresee_calls(place, calls, None),
                    None => Prediction::Unknown("its node was closed while it was paused".into()),
                }
            }
        }
    }

    fn foresee_read(&self, node: &Node, place: Place, at: u64, len: u64) -> Prediction {
        let Some(image) = self.image_of(node) else { return Outcome::NotOpen.into() };
        if i64::try_from(at).is_err() {
            return failed(Errno::EINVAL).into();
        }
        if place.access == Access::WriteOnly {
            return failed(Errno::EBADF).into();
        }
        if len.min(image.size.saturating_sub(at)) > LONGEST_READ {
            return Prediction::Unknown("a read of this length may be cut short".into());
        }
        Outcome::Data(image.read(at, len)).into()
    }

    fn foresee_test(
        &self,
        node: &Node,
        place: Place,
        kind: LockType,
        range: RangeSpec,
    ) -> Prediction {
        let range = match self.range_of(node, range) {
            Ok(range) => range,
            Err(errno) => return failed(errno).into(),
        };
        let found =
            self.locks_of(place.file).and_then(|table| table.obstacle(place.owner, kind, range));
        match found {
            None => Outcome::Free,
            Some((owner, extent)) => Outcome::Held {
                kind: extent.kind,
                range: extent.range,
                owner: match owner {
                    Owner::Process(_) => LockOwner::Actor(extent.setter.to_string()),
                    Owner::Description(_) => LockOwner::Ofd,
                },
            },
        }
        .into()
    }

    /// The bytes that `range` means for `node` now.
    pub(super) fn range_of(&self, node: &Node, range: RangeSpec) -> Result<ByteRange, Errno> {
        let offset =
            self.descriptions.get(node.description).map_or(0, |description| description.offset);
        let size = self.image_of(node).map_or(0, |image| image.size);
        span::resolve(range, offset, i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// The request of a raw byte lock. The kernel checks the range before the access mode of the
    /// descriptor.
    pub(super) fn request(
        &self,
        actor: &str,
        (table, name): (usize, &str),
        kind: LockType,
        range: RangeSpec,
    ) -> Result<Request, Errno> {
        let node = self.node(table, name).ok_or(Errno::EBADF)?;
        let range = self.range_of(node, range)?;
        let place = self.place(table, node).ok_or(Errno::EBADF)?;
        match (kind, place.access) {
            (LockType::Read, Access::WriteOnly) | (LockType::Write, Access::ReadOnly) => {
                Err(Errno::EBADF)
            }
            _ => Ok(Request {
                setter: self.setter(actor),
                descriptor: (table, name.to_owned()),
                description: node.description,
                file: place.file,
                owner: place.owner,
                kind,
                range,
                blocker: None,
            }),
        }
    }
}

/// Returns whether the outcome depends on the data or the length of an image.
fn asks_for_contents(action: &Action) -> bool {
    match action {
        Action::Read { .. } => true,
        Action::Lock { range, .. } | Action::Unlock { range, .. } | Action::Test { range, .. } => {
            range.whence == Whence::End
        }
        _ => false,
    }
}

fn done_unless(result: Result<(), Errno>) -> Prediction {
    result.map_or_else(failed, |()| Outcome::Done).into()
}

fn foresee_write(place: Place, at: u64, len: u64) -> Prediction {
    if i64::try_from(at).is_err() {
        return failed(Errno::EINVAL).into();
    }
    if place.access == Access::ReadOnly {
        return failed(Errno::EBADF).into();
    }
    if at.saturating_add(len) > FARTHEST_OFFSET {
        return too_far();
    }
    Outcome::Done.into()
}

fn too_far() -> Prediction {
    Prediction::Unknown("the maximum length of a file depends on the file system".into())
}

fn weakened() -> Prediction {
    Prediction::Unknown("a downgrade of a lock may wake a waiting actor in between".into())
}
