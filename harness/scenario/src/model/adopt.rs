use super::process::{Node, Pending};
use super::world::World;
use imglock_core::{Action, LockType, Outcome, RangeSpec};

impl World {
    /// Updates the world with the real outcome of `action` by `actor`. If it differs from the
    /// prediction, the world follows the real outcome as well as it can.
    pub fn apply(&mut self, actor: &str, action: &Action, outcome: &Outcome) {
        let done = *outcome == Outcome::Done;
        if action.is_hosts() {
            return if done {
                self.apply_host(action)
            };
        }
        let table = self.table_for(actor);
        let opens = matches!(action, Action::Open { .. });
        if !opens && action.node().is_some_and(|node| self.open_node(table, node).is_none()) {
            return;
        }
        match action {
            Action::Open { node, options } => self.open(actor, node, options, outcome),
            Action::Close { node } => self.close(table, node),
            Action::Reopen { node, mode, access } => {
                self.reopen(actor, node, mode.claim(), *access, outcome);
            }
            Action::Set { node, mode, pause_after } => {
                self.set(actor, node, mode.claim(), outcome, *pause_after);
            }
            Action::Inactivate { node } => self.inactivate(actor, node),
            Action::Activate { node } => self.activate(actor, node, outcome),
            Action::Write { node, at, data } if done => self.write(table, node, *at, data),
            Action::Seek { node, to } if done => self.seek(table, node, *to),
            Action::Dup { node, copy } => self.copy(table, node, table, copy),
            Action::Send { node, to, copy } => {
                let receiver = self.table_for(to);
                self.copy(table, node, receiver, copy);
            }
            Action::Lock { node, kind, range, .. } => {
                self.lock(actor, table, node, *kind, *range, outcome);
            }
            Action::Unlock { node, range } if done => self.unlock(table, node, *range),
            Action::Fork { child } => self.fork(actor, child),
            Action::Thread { name } => self.thread(actor, name),
            Action::Exec => self.exec(actor),
            Action::Exit | Action::Kill => self.end(actor),
            Action::Stop => self.stop(actor),
            Action::Continue => self.resume(actor),
            Action::Signal => self.signal(actor),
            Action::Await => self.awaited(actor, outcome),
            // These failed, or they only look.
            Action::Write { .. }
            | Action::Seek { .. }
            | Action::Unlock { .. }
            | Action::Read { .. }
            | Action::Test { .. } => {}
            // `apply_host` has these.
            Action::Create { .. }
            | Action::HardLink { .. }
            | Action::Symlink { .. }
            | Action::Rename { .. }
            | Action::Unlink { .. }
            | Action::Bind { .. }
            | Action::Overlay { .. } => {}
        }
    }

    /// Applies a verb of the host, which changes names.
    fn apply_host(&mut self, action: &Action) {
        let images = &mut self.images;
        match action {
            Action::Create { image, size } => images.create(image, *size),
            Action::HardLink { name, to } => images.hard_link(name, to),
            Action::Symlink { name, to } => images.symlink(name, to),
            Action::Rename { image, to } => images.rename(image, to),
            Action::Unlink { image } => images.unlink(image),
            Action::Bind { name, to, read_only } => images.bind(name, to, *read_only),
            Action::Overlay { name, over } => images.overlay(name, over),
            // `apply` names every other verb.
            _ => {}
        }
    }

    fn write(&mut self, table: usize, name: &str, at: u64, data: &str) {
        let file = self.node(table, name).map(|node| node.description);
        let Some(open) = file.and_then(|description| self.descriptions.get(description)) else {
            return;
        };
        let file = open.file;
        if let Some(image) = self.images.get_mut(file) {
            image.write(at, data);
        }
        if !data.is_empty() {
            self.images.changed(file);
        }
    }

    fn seek(&mut self, table: usize, name: &str, to: u64) {
        let description = self.node(table, name).map(|node| node.description);
        if let Some(open) = description.and_then(|number| self.descriptions.get_mut(number)) {
            open.offset = i64::try_from(to).unwrap_or(i64::MAX);
        }
    }

    /// Adds another descriptor of the same open file description, with what its opener believed.
    /// dup(2) and a passed descriptor are both made with close-on-exec here.
    fn copy(&mut self, from: usize, name: &str, to: usize, copy: &str) {
        if let Some(node) = self.node(from, name) {
            let node = Node { cloexec: true, ..node.clone() };
            self.insert(to, copy, node);
        }
    }

    fn lock(
        &mut self,
        actor: &str,
        table: usize,
        name: &str,
        kind: LockType,
        range: RangeSpec,
        outcome: &Outcome,
    ) {
        let Ok(request) = self.request(actor, (table, name), kind, range) else { return };
        match outcome {
            Outcome::Granted => self.grant(&request),
            Outcome::Blocked => self.enqueue(actor, request),
            _ => {}
        }
    }

    fn unlock(&mut self, table: usize, name: &str, range: RangeSpec) {
        let Some(node) = self.node(table, name) else { return };
        let (Ok(range), Some(place)) = (self.range_of(node, range), self.place(table, node)) else {
            return;
        };
        if let Some(image) = self.images.get_mut(place.file) {
            image.locks.cut(place.owner, range);
        }
        self.grant_waiting(place.file);
    }

    /// The end of a pending step, or the report that it still waits.
    fn awaited(&mut self, actor: &str, outcome: &Outcome) {
        if matches!(outcome, Outcome::Blocked | Outcome::Paused) {
            return;
        }
        let pending = self.actors.get_mut(actor).and_then(|actor| actor.pending.take());
        match pending {
            Some(Pending::Paused(attempt)) => self.settle(actor, attempt, outcome, None),
            Some(Pending::Waiting) => {
                if let (Some(request), Outcome::Granted) = (self.withdraw(actor), outcome) {
                    self.grant(&request);
                }
            }
            Some(Pending::Stopped { request, .. }) if *outcome == Outcome::Granted => {
                self.grant(&request);
            }
            _ => {}
        }
    }
}
