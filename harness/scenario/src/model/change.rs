use std::collections::BTreeSet;
use std::sync::Arc;

use super::attempt::{Attempt, Call, bytes_of, calls};
use super::process::{Node, Pending, Place};
use super::world::{World, backend_of};
use imglock_core::{Access, ByteRange, Claim, LockType, OpenOptions, Outcome};

/// The calls that change `node` from its claim to `goal`. None if the node takes no locks.
pub(super) fn calls_of(node: &Node, goal: Claim) -> Vec<Call> {
    if !node.locking || node.dormant.is_some() {
        return Vec::new();
    }
    calls(&node.tracked, node.claim, goal)
}

/// The calls of an open with these options.
pub(super) fn calls_of_open(options: &OpenOptions, locking: bool) -> Vec<Call> {
    if !locking || options.inactive {
        return Vec::new();
    }
    calls(&BTreeSet::new(), Claim::NOTHING, options.mode.claim())
}

impl World {
    /// Applies an open whose open(2) succeeded, with its outcome.
    pub(super) fn open(
        &mut self,
        actor: &str,
        name: &str,
        options: &OpenOptions,
        outcome: &Outcome,
    ) {
        let opened = !matches!(outcome, Outcome::Failed(_) | Outcome::NotOpen);
        let (true, Ok(file)) = (opened, self.images.resolve(&options.image)) else { return };
        if options.access != Access::ReadOnly {
            self.images.copy_up(file);
        }
        let table = self.table_for(actor);
        let (backend, locking) = backend_of(options, self.backend);
        let goal = options.mode.claim();
        let node = Node {
            description: self.add_description(file, options.access),
            cloexec: options.cloexec,
            image: options.image.clone(),
            backend,
            locking,
            claim: Claim::NOTHING,
            dormant: options.inactive.then_some(goal),
            tracked: BTreeSet::new(),
            opening: *outcome == Outcome::Paused,
        };
        self.insert(table, name, node);
        let calls = calls_of_open(options, locking);
        let attempt = Attempt { opening: true, ..Attempt::new(name, goal, calls) };
        self.settle(actor, attempt, outcome, options.pause_after);
    }

    /// Applies a change of the claim in place, with its outcome.
    pub(super) fn set(
        &mut self,
        actor: &str,
        name: &str,
        goal: Claim,
        outcome: &Outcome,
        pause_after: Option<u32>,
    ) {
        let Some(node) = self.node(self.table_of(actor), name) else { return };
        let calls = calls_of(node, goal);
        let attempt = Attempt::new(name, goal, calls);
        self.settle(actor, attempt, outcome, pause_after);
    }

    pub(super) fn inactivate(&mut self, actor: &str, name: &str) {
        let table = self.table_of(actor);
        let Some(node) = self.node_mut(table, name) else { return };
        if node.dormant.is_none() {
            node.dormant = Some(node.claim);
            node.claim = Claim::NOTHING;
            self.keep_only(table, name, Claim::NOTHING);
        }
    }

    /// Applies an activation, with its outcome. After a refusal the node stays inactive.
    pub(super) fn activate(&mut self, actor: &str, name: &str, outcome: &Outcome) {
        let table = self.table_of(actor);
        let Some(node) = self.node_mut(table, name) else { return };
        let Some(goal) = node.dormant.take() else { return };
        self.set(actor, name, goal, outcome, None);
        if let (false, Some(node)) = (*outcome == Outcome::Granted, self.node_mut(table, name)) {
            node.dormant = Some(goal);
        }
    }

    /// Makes the calls of `attempt` up to the point that `outcome` implies, and applies the
    /// consequences.
    pub(super) fn settle(
        &mut self,
        actor: &str,
        mut attempt: Attempt,
        outcome: &Outcome,
        pause_after: Option<u32>,
    ) {
        let table = self.table_of(actor);
        let Some(node) = self.node(table, &attempt.node) else { return };
        let Some(place) = self.place(table, node) else { return };
        let made = calls_made(&attempt.calls, outcome, pause_after);
        if let Some(node) = self.node_mut(table, &attempt.node) {
            node.tracked.append(&mut attempt.taken);
        }
        let before = self.node(table, &attempt.node).map(|node| node.tracked.clone());
        self.make(actor, &attempt.node, attempt.calls.drain(..made));
        match (outcome, self.node_mut(table, &attempt.node), before) {
            (Outcome::Paused, Some(node), Some(before)) => {
                attempt.taken = &node.tracked - &before;
                node.tracked = before;
                self.set_pending(actor, Some(Pending::Paused(attempt)));
            }
            (Outcome::Granted, Some(node), _) => {
                node.opening = false;
                self.commit(table, &attempt.node, attempt.goal);
            }
            _ => {
                self.abort(table, &attempt.node);
                if attempt.opening {
                    self.close(table, &attempt.node);
                }
            }
        }
        self.grant_waiting(place.file);
    }

    /// Makes calls that succeed, on the current open file description of the node.
    pub(super) fn make(&mut self, actor: &str, name: &str, calls: impl Iterator<Item = Call>) {
        let table = self.table_of(actor);
        let Some(node) = self.node(table, name) else { return };
        let Some(place) = self.place(table, node) else { return };
        let setter = self.setter(actor);
        for call in calls {
            if let Call::Lock(byte) = call {
                self.lock_byte(place, byte, &setter);
                if let Some(node) = self.node_mut(table, name) {
                    node.tracked.insert(byte);
                }
            }
        }
    }

    /// Puts `goal` in force and unlocks the bytes that it does not need.
    pub(super) fn commit(&mut self, table: usize, name: &str, goal: Claim) {
        let Some(node) = self.node_mut(table, name) else { return };
        match &mut node.dormant {
            Some(dormant) => *dormant = goal,
            None => node.claim = goal,
        }
        self.keep_only(table, name, goal);
    }

    /// Unlocks the bytes that the claim in force does not need.
    pub(super) fn abort(&mut self, table: usize, name: &str) {
        if let Some(claim) = self.node(table, name).map(|node| node.claim) {
            self.keep_only(table, name, claim);
        }
    }

    /// Unlocks the bytes that the node believes to have and `claim` does not need. The unlock applies
    /// to the owner: under POSIX, every node of the process loses the bytes.
    fn keep_only(&mut self, table: usize, name: &str, claim: Claim) {
        let Some(node) = self.node_mut(table, name) else { return };
        let extra = &node.tracked - &bytes_of(claim);
        node.tracked = &node.tracked - &extra;
        let Some(place) = self.node(table, name).and_then(|node| self.place(table, node)) else {
            return;
        };
        if let Some(image) = self.images.get_mut(place.file) {
            for byte in extra {
                image.locks.cut(place.owner, ByteRange::new(byte, byte));
            }
        }
        self.grant_waiting(place.file);
    }

    pub(super) fn lock_byte(&mut self, place: Place, byte: i64, setter: &Arc<str>) {
        if let Some(image) = self.images.get_mut(place.file) {
            image.locks.put(place.owner, LockType::Read, ByteRange::new(byte, byte), setter);
        }
    }

    pub(super) fn setter(&self, actor: &str) -> Arc<str> {
        self.actors.get(actor).map_or_else(|| actor.into(), |actor| actor.name.clone())
    }
}

/// The number of `calls` that succeeded, given the outcome.
fn calls_made(calls: &[Call], outcome: &Outcome, pause_after: Option<u32>) -> usize {
    let all = calls.len();
    match outcome {
        Outcome::Paused => pause_after.map_or(all, |halt| (halt as usize).min(all)),
        Outcome::LockByte { byte, .. } => {
            calls.iter().position(|call| *call == Call::Lock(*byte)).unwrap_or(all)
        }
        _ => all,
    }
}
