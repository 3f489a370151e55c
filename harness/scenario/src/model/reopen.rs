use imglock_core::{Access, ByteRange, Claim, Errno, LockType, Outcome};

use super::attempt::{Attempt, Call, bytes_of};
use super::change::calls_of;
use super::failed;
use super::process::Node;
use super::world::World;

impl World {
    /// The prediction of a reopen. QEMU opens the new descriptor, prepares the new claim on the old one,
    /// locks its bytes on the new one without a test, and closes the old one.
    pub(super) fn foresee_reopen(
        &self,
        table: usize,
        node: &Node,
        goal: Claim,
        access: Access,
    ) -> Outcome {
        let file = match self.images.reach(&node.image, access) {
            Ok(file) => file,
            Err(errno) => return failed(errno),
        };
        let Some(old) = self.place(table, node) else { return failed(Errno::EBADF) };
        let prepare = calls_of(node, goal);
        let verdict = self.verdict(old, &prepare);
        if verdict.outcome != Outcome::Granted || !moves_bytes(node) {
            return verdict.outcome;
        }
        let new = self.next_place(node.backend, table, file, access);
        for byte in bytes_of(goal) {
            let range = ByteRange::new(byte, byte);
            // A write lock of the old description has become a read lock if the byte was among those to
            // prepare.
            let owners = [new.owner, old.owner];
            let exempt = match prepare.contains(&Call::Lock(byte)) {
                true => &owners[..],
                false => &owners[..1],
            };
            let foreign = self
                .locks_of(file)
                .is_some_and(|locks| locks.obstructed(exempt, LockType::Read, range));
            let errno = match access {
                Access::WriteOnly => Errno::EBADF,
                _ if foreign => Errno::EAGAIN,
                _ => continue,
            };
            return Outcome::LockByte { byte, error: errno };
        }
        Outcome::Granted
    }

    /// Applies a reopen with its outcome.
    pub(super) fn reopen(
        &mut self,
        actor: &str,
        name: &str,
        goal: Claim,
        access: Access,
        outcome: &Outcome,
    ) {
        let table = self.table_of(actor);
        let Some(node) = self.node(table, name).cloned() else { return };
        let opened = !matches!(outcome, Outcome::Failed(_) | Outcome::NotOpen);
        let (true, Ok(file)) = (opened, self.images.resolve(&node.image)) else { return };
        let description = self.add_description(file, access);
        if access != Access::ReadOnly {
            self.images.copy_up(file);
        }
        if *outcome == Outcome::Granted {
            self.swap(actor, name, goal, description);
        } else {
            let mut calls = calls_of(&node, goal);
            let old = self.place(table, &node);
            if old.is_some_and(|old| self.verdict(old, &calls).outcome == Outcome::Granted) {
                // The failure on the new descriptor came after all these calls.
                self.make(actor, name, calls.drain(..));
            }
            let attempt = Attempt::new(name, goal, calls);
            self.settle(actor, attempt, outcome, None);
            // The new descriptor never had a name, but its close has an effect.
            self.release(table, name, description);
        }
    }

    fn swap(&mut self, actor: &str, name: &str, goal: Claim, description: usize) {
        let table = self.table_of(actor);
        let setter = self.setter(actor);
        let Some(node) = self.node(table, name).cloned() else { return };
        self.make(actor, name, calls_of(&node, goal).into_iter());
        let Some(state) = self.node_mut(table, name) else { return };
        state.description = description;
        if let Some(state) = self.descriptions.get_mut(description) {
            state.nodes.insert((table, name.to_owned()));
        }
        if moves_bytes(&node) {
            let taken = bytes_of(goal);
            let new = self.node(table, name).and_then(|node| self.place(table, node));
            for (place, byte) in
                new.into_iter().flat_map(|new| taken.iter().map(move |b| (new, *b)))
            {
                self.lock_byte(place, byte, &setter);
            }
            if let Some(node) = self.node_mut(table, name) {
                node.tracked.extend(taken);
            }
        }
        self.release(table, name, node.description);
        self.commit(table, name, goal);
    }
}

/// Returns whether a reopen has lock bytes to move to the new open file description.
fn moves_bytes(node: &Node) -> bool {
    node.locking && node.dormant.is_none()
}
