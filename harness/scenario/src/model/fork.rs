use std::collections::BTreeMap;

use super::process::{Actor, Node};
use super::world::World;

impl World {
    /// fork(2): the same open file descriptions in a new descriptor table, which owns no POSIX lock. A
    /// child replaces an actor of the same name.
    pub(super) fn fork(&mut self, actor: &str, child: &str) {
        if actor == child {
            return;
        }
        self.end(child);
        let parent = self.table_for(actor);
        let table = self.add_table(child, self.nodes_of(parent));
        self.add_actor(child, table);
    }

    /// clone(2) with `CLONE_FILES`.
    pub(super) fn thread(&mut self, actor: &str, name: &str) {
        if actor == name {
            return;
        }
        self.end(name);
        let table = self.table_for(actor);
        self.add_actor(name, table);
    }

    /// execve(2): an actor with a shared table first gets a copy of it. Then all descriptors with
    /// close-on-exec are closed. Other locks stay.
    pub(super) fn exec(&mut self, actor: &str) {
        let mut table = self.table_for(actor);
        if self.tables.get(table).is_some_and(|table| table.actors > 1) {
            let copy = self.add_table(actor, self.nodes_of(table));
            self.leave(table);
            self.name_after_another(table, actor);
            if let Some(actor) = self.actors.get_mut(actor) {
                actor.table = copy;
            }
            if let Some(copy) = self.tables.get_mut(copy) {
                copy.actors += 1;
            }
            table = copy;
        }
        for (name, node) in self.nodes_of(table) {
            if node.cloexec {
                self.close(table, &name);
            }
        }
    }

    /// Renames a table that has the name of `actor`, which has left it, to one of its remaining actors.
    fn name_after_another(&mut self, table: usize, actor: &str) {
        let shares = |(name, one): (&String, &Actor)| {
            (one.table == table && name != actor).then(|| name.clone())
        };
        let another = self.actors.iter().find_map(shares);
        if let (Some(table), Some(another)) = (self.tables.get_mut(table), another)
            && table.name == actor
        {
            table.name = another;
        }
    }

    /// Exit or SIGKILL: the descriptors are closed when the last actor of the table ends.
    pub(super) fn end(&mut self, actor: &str) {
        self.withdraw(actor);
        if let Some(gone) = self.actors.remove(actor) {
            self.leave(gone.table);
        }
    }

    fn leave(&mut self, table: usize) {
        let Some(state) = self.tables.get_mut(table) else { return };
        state.actors = state.actors.saturating_sub(1);
        if state.actors == 0 {
            for name in self.nodes_of(table).into_keys() {
                self.close(table, &name);
            }
        }
    }

    fn nodes_of(&self, table: usize) -> BTreeMap<String, Node> {
        self.tables.get(table).map(|table| table.nodes.clone()).unwrap_or_default()
    }
}
