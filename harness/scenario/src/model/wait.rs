use imglock_core::{Backend, Errno, Outcome};

use super::failed;
use super::process::{Pending, Request};
use super::table::Owner;
use super::world::World;

/// The maximum number of waiting owners that the kernel follows in its deadlock check
/// (`MAX_DEADLK_ITERATIONS` in fs/locks.c is 10, and it counts from 0).
const LONGEST_CHAIN: usize = 11;

/// The result of a request.
pub(super) enum Answer {
    Free,
    Deadlock,
    Wait(Owner),
}

impl World {
    /// The result of `request` in the current state. The first conflicting lock decides.
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

    /// Returns whether `blocker` waits for `caller`, directly or through other waiting owners. This is
    /// never the case for a caller with OFD locks, because every link of the chain is a POSIX owner.
    /// The kernel does not check for a deadlock there.
    fn deadlocks(&self, caller: Owner, blocker: Owner) -> bool {
        std::iter::successors(self.waits_for(blocker), |next| self.waits_for(*next))
            .take(LONGEST_CHAIN)
            .any(|next| next == caller)
    }

    /// The owner whose lock an owner waits for, as far as the kernel records it. It records every
    /// request, even one for an OFD lock, that waits for a POSIX lock, and none that waits for an OFD
    /// lock. Of several waiting threads it finds the last one.
    fn waits_for(&self, owner: Owner) -> Option<Owner> {
        self.queue
            .iter()
            .rev()
            .filter(|request| request.owner == owner)
            .filter_map(|request| request.blocker)
            .find(|blocker| matches!(blocker, Owner::Process(_)))
    }

    /// Wakes the actors that wait on `file` for a lock that no longer conflicts, in the order of their
    /// arrival, until nothing changes. A woken actor that finds another conflicting lock checks for a
    /// deadlock again.
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

    /// Grants a request, and then the requests that it makes possible.
    pub(super) fn grant(&mut self, request: &Request) {
        self.put(request);
        self.drop_unused(request.description);
        self.grant_waiting(request.file);
    }

    /// Grants a request and returns the result of fcntl(2). A POSIX call whose descriptor was closed
    /// meanwhile releases the lock again.
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

    /// Returns whether the descriptor of the request is still open.
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

    /// Removes the request of the actor from the queue, if there is one.
    pub(super) fn withdraw(&mut self, actor: &str) -> Option<Request> {
        let at = self.queue.iter().position(|request| *request.setter == *actor)?;
        let request = self.queue.remove(at);
        self.drop_unused(request.description);
        self.grant_waiting(request.file);
        Some(request)
    }

    /// Adds a request at the end of the queue, unless it can be granted.
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

    /// SIGSTOP: a waiting call leaves the queue of the kernel with -ERESTARTSYS.
    pub(super) fn stop(&mut self, actor: &str) {
        if let Some(request) = self.withdraw(actor) {
            self.set_pending(actor, Some(Pending::Stopped { request, signalled: false }));
        }
    }

    /// SIGCONT: the call starts again, behind all other requests.
    pub(super) fn resume(&mut self, actor: &str) {
        match self.actors.get(actor).and_then(|actor| actor.pending.clone()) {
            Some(Pending::Stopped { signalled: true, .. }) => {
                self.finish(actor, failed(Errno::EINTR));
            }
            Some(Pending::Stopped { request, .. }) => self.enqueue(actor, request),
            _ => {}
        }
    }

    /// A signal with a handler. It only affects a waiting lock call.
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
