use std::collections::{BTreeMap, BTreeSet};

use imglock_core::{Action, Backend, Outcome};
use imglock_scenario::Step;

/// Which names a story has used for what, as someone knows who has read it and
/// not seen it happen: the rules of the scenario format.
///
/// `scenario::story` checks the same rules on a text. This says beforehand
/// whether a line would break one of them.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    /// Every name that an image ever had.
    images: BTreeSet<String>,
    /// The descriptor table of each actor that was ever named.
    actors: BTreeMap<String, usize>,
    /// The nodes of each table: whether each is certainly open.
    tables: Vec<BTreeMap<String, bool>>,
}

impl Ledger {
    pub(super) fn new(images: impl Iterator<Item = String>) -> Ledger {
        Ledger { images: images.collect(), actors: BTreeMap::new(), tables: Vec::new() }
    }

    /// Every node that the actor ever had.
    pub(super) fn nodes(&self, actor: &str) -> impl Iterator<Item = &str> {
        self.table(actor).into_iter().flat_map(|nodes| nodes.keys().map(String::as_str))
    }

    fn table(&self, actor: &str) -> Option<&BTreeMap<String, bool>> {
        self.tables.get(*self.actors.get(actor)?)
    }

    /// Whether the images that a verb of the host starts from were ever there.
    pub(super) fn knows_images_of(&self, action: &Action) -> bool {
        match action {
            Action::HardLink { to, .. }
            | Action::Symlink { to, .. }
            | Action::Bind { to, .. }
            | Action::Overlay { over: to, .. } => self.images.contains(to),
            Action::Rename { image, .. } | Action::Unlink { image } => self.images.contains(image),
            _ => true,
        }
    }

    /// Whether the names in a step can be used so. `doubtful`: a name that was
    /// ever used may be in use.
    pub(super) fn admits(&self, actor: &str, action: &Action, doubtful: bool) -> bool {
        let has = |node: &str| self.table(actor).is_some_and(|nodes| nodes.contains_key(node));
        let is_new = |actor: &str, node: &str| match self.table(actor).and_then(|t| t.get(node)) {
            None => true,
            Some(certainly_open) => !doubtful && !certainly_open,
        };
        match action {
            Action::Open { node, options } => {
                is_new(actor, node) && self.images.contains(&options.image)
            }
            Action::Dup { node, copy } => has(node) && is_new(actor, copy),
            Action::Send { node, to, copy } => has(node) && is_new(to, copy),
            Action::Fork { child: name } | Action::Thread { name } => {
                name != actor && !self.actors.contains_key(name)
            }
            action => action.node().is_none_or(has),
        }
    }

    /// Notes a step that is part of the story now.
    pub(super) fn enter(&mut self, step: &Step, backend: Backend, together: bool) {
        let Step { actor, action, expect, .. } = step;
        match action {
            Action::Create { image: name, .. }
            | Action::HardLink { name, .. }
            | Action::Symlink { name, .. }
            | Action::Bind { name, .. }
            | Action::Overlay { name, .. }
            | Action::Rename { to: name, .. } => {
                self.images.insert(name.clone());
            }
            Action::Unlink { .. } => {}
            action => self.enter_actors(actor, action, |wanted| match expect.on(backend) {
                Some(outcome) => *outcome == wanted,
                None => !together,
            }),
        }
    }

    fn enter_actors(&mut self, actor: &str, action: &Action, says: impl Fn(Outcome) -> bool) {
        let table = self.table_for(actor);
        match action {
            Action::Open { node, .. } => {
                self.tables[table].insert(node.clone(), says(Outcome::Granted));
            }
            Action::Close { node } => {
                self.tables[table].insert(node.clone(), false);
            }
            Action::Dup { node, copy } => self.copy(table, node, table, copy),
            Action::Send { node, to, copy } => {
                let receiver = self.table_for(to);
                self.copy(table, node, receiver, copy);
            }
            Action::Fork { child } => {
                self.tables.push(self.tables[table].clone());
                self.actors.insert(child.clone(), self.tables.len() - 1);
            }
            Action::Thread { name } => {
                self.actors.insert(name.clone(), table);
            }
            Action::Exec => {
                // Which nodes are left depends on how each was opened.
                let mut nodes = self.tables[table].clone();
                nodes.values_mut().for_each(|certainly_open| *certainly_open = false);
                self.tables.push(nodes);
                self.actors.insert(actor.to_owned(), self.tables.len() - 1);
            }
            _ => {}
        }
    }

    fn copy(&mut self, from: usize, node: &str, to: usize, copy: &str) {
        let certainly_open = self.tables[from].get(node).copied().unwrap_or(false);
        self.tables[to].insert(copy.to_owned(), certainly_open);
    }

    fn table_for(&mut self, actor: &str) -> usize {
        if let Some(table) = self.actors.get(actor) {
            return *table;
        }
        self.tables.push(BTreeMap::new());
        self.actors.insert(actor.to_owned(), self.tables.len() - 1);
        self.tables.len() - 1
    }
}
