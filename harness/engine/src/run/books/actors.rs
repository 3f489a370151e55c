//! Processes and threads, and the descriptor tables that they share.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::node::{Node, Role};
use super::pending::Pending;
use crate::process::NodeHandle;
use imglock_core::{Action, Claim, NodeName};

/// The full name of a node: the first actor that had its descriptor table, and
/// the node's own name. It names the node itself, not a copy in another table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullName<'a> {
    /// The actor.
    pub root: &'a str,
    /// The node.
    pub node: &'a str,
}

impl FullName<'_> {
    /// A copy of it.
    pub fn to_name(self) -> NodeName {
        NodeName::new(self.root, self.node)
    }
}

impl fmt::Display for FullName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.root, self.node)
    }
}

/// The live actors, and every descriptor table there ever was.
#[derive(Debug, Clone, Default)]
pub(super) struct Actors {
    named: HashMap<String, Actor>,
    tables: Vec<Table>,
}

#[derive(Debug, Clone)]
struct Actor {
    table: usize,
    pending: Option<Pending>,
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The first actor that had it; names its nodes and its POSIX locks.
    pub(super) root: String,
    /// The number of live actors that share it.
    pub(super) sharers: usize,
    pub(super) nodes: BTreeMap<String, Node>,
}

impl Actors {
    /// Enters a process with a table of its own; returns the table's number.
    pub(super) fn enter(&mut self, actor: &str, nodes: BTreeMap<String, Node>) -> usize {
        let table = self.tables.len();
        self.tables.push(Table { root: actor.to_owned(), sharers: 1, nodes });
        self.named.insert(actor.to_owned(), Actor { table, pending: None });
        table
    }

    /// Enters a thread, which shares the table of its parent.
    pub(super) fn enter_thread(&mut self, parent: &str, name: &str) {
        let Some(table) = self.number_of_table(parent) else { return };
        self.tables[table].sharers += 1;
        self.named.insert(name.to_owned(), Actor { table, pending: None });
    }

    pub(super) fn remove(&mut self, actor: &str) {
        if let Some(actor) = self.named.remove(actor) {
            let table = &mut self.tables[actor.table];
            table.sharers = table.sharers.saturating_sub(1);
        }
    }

    /// The names of the live ones.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    pub(super) fn number_of_table(&self, actor: &str) -> Option<usize> {
        Some(self.named.get(actor)?.table)
    }

    pub(super) fn table(&self, actor: &str) -> Option<&Table> {
        Some(&self.tables[self.named.get(actor)?.table])
    }

    pub(super) fn table_mut(&mut self, actor: &str) -> Option<&mut Table> {
        Some(&mut self.tables[self.named.get(actor)?.table])
    }

    /// Every table by its number.
    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The descriptor tables whose nodes an action may change.
    pub(super) fn tables_of(&self, actor: &str, action: &Action) -> Vec<usize> {
        let tables = [Some(actor), action.names().receiver].into_iter().flatten();
        let mut tables: Vec<usize> =
            tables.filter_map(|actor| self.number_of_table(actor)).collect();
        tables.dedup();
        tables
    }

    /// A live actor that has the descriptor table named after `root`.
    pub(super) fn sharer(&self, root: &str) -> Option<&str> {
        if self.named.get(root).is_some_and(|actor| self.tables[actor.table].root == root) {
            return self.named.get_key_value(root).map(|(name, _)| name.as_str());
        }
        let shares = |actor: &Actor| self.tables[actor.table].root == root;
        self.named.iter().find(|(_, actor)| shares(actor)).map(|(name, _)| name.as_str())
    }

    /// A process that executes another program leaves the descriptor table that
    /// it shared. A table named after it gets another actor's name, so that no
    /// two tables have one name.
    pub(super) fn name_after_another(&mut self, table: usize, actor: &str) {
        let sharers = self.named.iter().filter(|(_, actor)| actor.table == table);
        let another = sharers.map(|(name, _)| name).min();
        if let Some(name) = another.filter(|_| self.tables[table].root == actor) {
            self.tables[table].root.clone_from(name);
        }
    }

    pub(super) fn node(&self, actor: &str, node: &str) -> Option<&Node> {
        self.table(actor)?.nodes.get(node)
    }

    pub(super) fn node_mut(&mut self, actor: &str, node: &str) -> Option<&mut Node> {
        self.table_mut(actor)?.nodes.get_mut(node)
    }

    /// Changes every node that stands for an open file description.
    fn each_copy(&mut self, description: usize, change: impl FnMut(&mut Node)) {
        let nodes = self.tables.iter_mut().flat_map(|table| table.nodes.values_mut());
        nodes.filter(|node| node.description == description).for_each(change);
    }

    /// Enters another descriptor of a node, under the name `copy`.
    pub(super) fn copy(
        &mut self,
        actor: &str,
        node: &str,
        to: &str,
        copy: &str,
        handle: Option<NodeHandle>,
    ) {
        let Some(description) = self.node(actor, node).map(|node| node.description) else { return };
        self.each_copy(description, |node| node.copied = true);
        let Some(given) = self.node(actor, node).map(|node| node.given(handle)) else { return };
        if let Some(table) = self.table_mut(to) {
            table.nodes.insert(copy.to_owned(), given);
        }
    }

    /// Notes a byte verb: its locks belong to the descriptor's copies, too.
    pub(super) fn lock_by_hand(&mut self, actor: &str, node: &str) {
        let Some(description) = self.node(actor, node).map(|node| node.description) else { return };
        self.each_copy(description, |node| node.raw_locks = true);
    }

    /// Notes that nodes are about to be copied into another table.
    pub(super) fn mark_copied(&mut self, nodes: &mut BTreeMap<String, Node>) {
        for node in nodes.values_mut() {
            node.copied = true;
            self.each_copy(node.description, |node| node.copied = true);
        }
    }

    /// The nodes that a forked child has.
    pub(super) fn inherited(&mut self, parent: &str) -> BTreeMap<String, Node> {
        let mut nodes = self.table(parent).map(|table| table.nodes.clone()).unwrap_or_default();
        nodes.values_mut().for_each(|node| node.role = Role::Inherited);
        self.mark_copied(&mut nodes);
        nodes
    }

    /// The step of an actor that is blocked or paused.
    pub(super) fn pending(&self, actor: &str) -> Option<&Pending> {
        self.named.get(actor)?.pending.as_ref()
    }

    /// Every step that is blocked or paused, with its actor.
    pub(super) fn all_pending(&self) -> impl Iterator<Item = (&str, &Pending)> {
        self.named.iter().filter_map(|(name, actor)| Some((name.as_str(), actor.pending.as_ref()?)))
    }

    pub(super) fn take_pending(&mut self, actor: &str) -> Option<Pending> {
        self.named.get_mut(actor)?.pending.take()
    }

    pub(super) fn set_pending(&mut self, actor: &str, pending: Pending) {
        if let Some(actor) = self.named.get_mut(actor) {
            actor.pending = Some(pending);
        }
    }

    /// What those who share a table are opening: each image, with the claim.
    pub(super) fn half_open(&self, table: usize) -> impl Iterator<Item = (usize, Claim)> {
        let sharers = self.named.values().filter(move |actor| actor.table == table);
        sharers.filter_map(|actor| match actor.pending.as_ref()? {
            Pending { action: Action::Open { options, .. }, image } => {
                Some(((*image)?, options.mode.claim()))
            }
            _ => None,
        })
    }

    /// Whether a call of one of those who share a table has a node in use.
    pub(super) fn is_in_use(&self, table: usize, node: &str) -> bool {
        self.named.values().any(|actor| {
            let pending = actor.pending.as_ref().and_then(|pending| pending.action.node());
            actor.table == table && pending == Some(node)
        })
    }
}

impl Table {
    /// The nodes that live actors have here.
    pub(super) fn live_nodes(&self) -> impl Iterator<Item = (FullName<'_>, &Node)> {
        let name = |node| FullName { root: &self.root, node };
        let nodes = self.nodes.iter().filter(|_| self.sharers > 0);
        nodes.map(move |(node, open)| (name(node), open))
    }
}
