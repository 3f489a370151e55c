//! Queries of a world, for programs that generate scenarios.

use std::collections::BTreeSet;

use super::process::Pending;
use super::world::World;

impl World {
    /// The names of the nodes in the descriptor table of the actor.
    pub fn nodes(&self, actor: &str) -> impl Iterator<Item = &str> {
        let table = self.actors.get(actor).and_then(|actor| self.tables.get(actor.table));
        table.into_iter().flat_map(|table| table.nodes.keys().map(String::as_str))
    }

    /// Returns whether the two actors can lock as the same owner: they share a descriptor table, or
    /// have descriptors of one open file description.
    pub fn share_an_owner(&self, one: &str, other: &str) -> bool {
        let descriptions = |actor: &str| {
            let table = self.actors.get(actor).and_then(|actor| self.tables.get(actor.table));
            table.into_iter().flat_map(|table| table.nodes.values()).map(|node| node.description)
        };
        let of_other: BTreeSet<usize> = descriptions(other).collect();
        let table = |actor: &str| self.actors.get(actor).map(|actor| actor.table);
        (table(one).is_some() && table(one) == table(other))
            || descriptions(one).any(|description| of_other.contains(&description))
    }

    /// Returns whether an actor waits for a lock on any image.
    pub fn has_waiters(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Returns whether a step of the actor was `blocked` or `paused` and has not been awaited.
    pub fn is_pending(&self, actor: &str) -> bool {
        self.actors.get(actor).is_some_and(|actor| actor.pending.is_some())
    }

    /// Returns whether an actor with the same descriptor table is paused in the middle of a change of
    /// the claim of this node.
    pub fn is_changing(&self, actor: &str, node: &str) -> bool {
        let table = self.table_of(actor);
        self.actors.values().filter(|one| one.table == table).any(
            |one| matches!(&one.pending, Some(Pending::Paused(attempt)) if attempt.node == node),
        )
    }
}
