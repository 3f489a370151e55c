use imglock_core::Errno;

use super::failed;
use super::process::{Pending, Request};
use super::table::Owner;
use super::world::World;
use imglock_core::Backend;
use imglock_core::Outcome;

/// The kernel follows a chain of waiting owners no further than this
/// (`MAX_DEADLK_ITERATIONS` is 10, and it counts from 0).
const LONGEST_CHAIN: usize = 11;

/// What a request finds.
pub(super) enum Answer {
    Free,
    Deadlock,
    Wait(Owner),
}

impl World {
    /// What `request` finds as things stand: the first lock in its way decides.
    pub(super) fn ask(&self, request: &Request) -> Answer {
        let obstacle = self
            .locks_of(request.file)
            .and_then(|table| table.obstacle(request.owner, request.kind, request.range));
        match obstacle {
            None => Answer::Free,
            Some((blocker, _)) if self.deadlocks(request.owner, blocker) => Answer::Deadlock,
            Some((blocker, _)) => Answer::Wait(blocker),
        }
    }

    /// Whether `blocker` waits, over others that wait, for `caller`. That is
    /// never so for a caller with OFD locks, since every link of the chain is
    /// a POSIX owner; the kernel does not even look for those.
    fn deadlocks(&self, caller: Owner, blocker: Owner) -> bool {
        std::iter::successors(self.waits_for(blocker), |next| self.waits_for(*next))
            .take(LONGEST_CHAIN)
            .any(|next| next == caller)
    }

    /// Whose lock an owner waits for, as far as the kernel keeps book: it
    /// notes every request, an OFD one too, that a POSIX lock keeps waiting,
    /// and none that an OFD lock does. Of several waiting threads it finds the
    /// last.
    fn waits_for(&self, owner: Owner) -> Option<Owner> {
        self.queue
            .iter()
            .rev()
            .filter(|request| request.owner == owner)
            .filter_map(|request| request.blocker)
            .find(|blocker| matches!(blocker, Owner::Process(_)))
    }

    /// Wakes whoever waits on `file` for a lock that is no longer in the way,
    /// first come, first served, until nothing more changes. One that is woken
    /// and runs into another lock looks for a deadlock once more.
    pub(super) fn grant_waiting(&mut self, file: usize) {
        while let Some((at, answer)) = self.next_woken(file) {
            let request = self.queue.remove(at);
            match answer {
                Answer::Free => {
                    let outcome = self.put(&request);
                    self.finish(&request.setter, outcome);
                }
                Answer::Deadlock => self.finish(&request.setter, failed(Errno::EDEADLK)),
                Answer::Wait(blocker) => {
                    self.queue.insert(at, Request { blocker: Some(blocker), ..request });
                    continue;
                }
            }
            self.drop_unused(request.description);
        }
    }

    fn next_woken(&self, file: usize) -> Option<(usize, Answer)> {
        let on_file = |request: &Request| request.file == file;
        self.queue.iter().enumerate().filter(|(_, request)| on_file(request)).find_map(
            |(at, request)| (!self.still_blocked(request)).then(|| (at, self.ask(request))),
        )
    }

    fn still_blocked(&self, request: &Request) -> bool {
        let (Some(blocker), Some(table)) = (request.blocker, self.locks_of(request.file)) else {
            return false;
        };
        table
            .of(blocker)
            .iter()
            .any(|held| held.kind.excludes(request.kind) && held.range.overlaps(request.range))
    }

    /// Gives a request its lock, and lets in whom that makes room for.
    pub(super) fn grant(&mut self, request: &Request) {
        self.put(request);
        self.drop_unused(request.description);
        self.grant_waiting(request.file);
    }

    /// Gives a request its lock, and says what fcntl(2) returns. A POSIX call
    /// whose descriptor was closed meanwhile gives the lock back.
    fn put(&mut self, request: &Request) -> Outcome {
        let too_late = request.owner.backend() == Backend::Posix && !self.is_open(request);
        let Some(image) = self.images.get_mut(request.file) else { return Outcome::Granted };
        if too_late {
            image.locks.cut(request.owner, request.range);
            return failed(Errno::EBADF);
        }
        image.locks.put(request.owner, request.kind, request.range, &request.setter);
        Outcome::Granted
    }

    /// Whether the descriptor that the request was made on is still there.
    fn is_open(&self, request: &Request) -> bool {
        let open = self.descriptions.get(request.description);
        open.is_some_and(|open| open.nodes.contains(&request.descriptor))
    }

    fn finish(&mut self, actor: &str, outcome: Outcome) {
        self.set_pending(actor, Some(Pending::Over(outcome)));
    }

    pub(super) fn set_pending(&mut self, actor: &str, pending: Option<Pending>) {
        if let Some(actor) = self.actors.get_mut(actor) {
            actor.pending = pending;
        }
    }

    /// Takes the actor's request out of the queue, if it has one there.
    pub(super) fn withdraw(&mut self, actor: &str) -> Option<Request> {
        let at = self.queue.iter().position(|request| *request.setter == *actor)?;
        let request = self.queue.remove(at);
        self.drop_unused(request.description);
        self.grant_waiting(request.file);
        Some(request)
    }

    /// Puts a request at the end of the queue, unless it need not wait.
    pub(super) fn enqueue(&mut self, actor: &str, request: Request) {
        match self.ask(&request) {
            _ if !self.is_open(&request) => self.finish(actor, failed(Errno::EBADF)),
            Answer::Free => {
                self.finish(actor, Outcome::Granted);
                self.grant(&request);
            }
            Answer::Deadlock => self.finish(actor, failed(Errno::EDEADLK)),
            Answer::Wait(blocker) => {
                self.queue.push(Request { blocker: Some(blocker), ..request });
                self.set_pending(actor, Some(Pending::Waiting));
            }
        }
    }

    /// SIGSTOP: a waiting call leaves the kernel's queue with -ERESTARTSYS.
    pub(super) fn stop(&mut self, actor: &str) {
        if let Some(request) = self.withdraw(actor) {
            self.set_pending(actor, Some(Pending::Stopped { request, signalled: false }));
        }
    }

    /// SIGCONT: the call starts again, behind everybody else.
    pub(super) fn resume(&mut self, actor: &str) {
        match self.actors.get(actor).and_then(|actor| actor.pending.clone()) {
            Some(Pending::Stopped { signalled: true, .. }) => {
                self.finish(actor, failed(Errno::EINTR));
            }
            Some(Pending::Stopped { request, .. }) => self.enqueue(actor, request),
            _ => {}
        }
    }

    /// A signal with a handler: only a waiting lock notices.
    pub(super) fn signal(&mut self, actor: &str) {
        if self.withdraw(actor).is_some() {
            self.finish(actor, failed(Errno::EINTR));
        } else if let Some(Pending::Stopped { signalled, .. }) =
            self.actors.get_mut(actor).and_then(|actor| actor.pending.as_mut())
        {
            *signalled = true;
        }
    }
}
