use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::books_census::Census;
use super::books_names::Name;
use super::books_node::{Node, Role};
use super::books_pending::{Orphan, Pending};
use crate::process::NodeHandle;
use imglock_core::{Action, Backend, Claim, NodeName, OpenOptions, Outcome};

/// The harness's record of actors, descriptor tables, nodes and images, as far
/// as outcomes tell.
///
/// It knows nothing of locks. The model decides what an opener *may* do; the
/// books record only what it has, so that the harness can make the next request
/// and check the contract.
#[derive(Debug, Clone)]
pub struct Books {
    pub(super) backend: Backend,
    pub(super) names: HashMap<String, Name>,
    pub(super) images: usize,
    pub(super) links: usize,
    pub(super) actors: HashMap<String, Actor>,
    pub(super) orphans: Vec<Orphan>,
    pub(super) tables: Vec<Table>,
    pub(super) descriptions: usize,
    pub(super) census: Census,
}

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

#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) table: usize,
    pub(super) pending: Option<Pending>,
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The first actor that had it; names its nodes and its POSIX locks.
    pub(super) root: String,
    /// The number of live actors that share it.
    pub(super) sharers: usize,
    pub(super) nodes: BTreeMap<String, Node>,
}

impl Books {
    /// Books for a run on `backend`, with these names of images.
    pub fn new(backend: Backend, images: impl IntoIterator<Item = String>) -> Books {
        let mut books = Books {
            backend,
            names: HashMap::new(),
            images: 0,
            links: 0,
            actors: HashMap::new(),
            orphans: Vec::new(),
            tables: Vec::new(),
            descriptions: 0,
            census: Census::default(),
        };
        for name in images {
            books.add_image(name);
        }
        books
    }

    /// Enters a process that exists from the start.
    pub fn spawn(&mut self, actor: &str) {
        self.enter(actor, BTreeMap::new());
    }

    /// The process under whose name an actor's POSIX locks are shown: the first
    /// one that had the actor's descriptor table.
    pub fn owner(&self, actor: &str) -> Option<&str> {
        Some(&self.table(actor)?.root)
    }

    /// A node, as `actor` sees it.
    pub fn node(&self, actor: &str, node: &str) -> Option<&Node> {
        self.table(actor)?.nodes.get(node)
    }

    /// The full name of a node.
    pub fn full_name<'a>(&'a self, actor: &str, node: &'a str) -> Option<FullName<'a>> {
        Some(FullName { root: self.owner(actor)?, node })
    }

    /// Every open node, once for each descriptor table, with its full name.
    pub fn nodes(&self) -> impl Iterator<Item = (FullName<'_>, &Node)> {
        self.tables.iter().filter(|table| table.sharers > 0).flat_map(|table| {
            let name = |node| FullName { root: &table.root, node };
            table.nodes.iter().map(move |(node, open)| (name(node), open))
        })
    }

    /// The open nodes of one actor.
    pub fn nodes_of(&self, actor: &str) -> impl Iterator<Item = &Node> {
        self.table(actor).into_iter().flat_map(|table| table.nodes.values())
    }

    /// Whether more than `count` nodes are open.
    pub fn has_more_nodes_than(&self, count: usize) -> bool {
        self.nodes().nth(count).is_some()
    }

    /// A live actor that has the descriptor table named after `root`.
    pub fn sharer(&self, root: &str) -> Option<&str> {
        if self.actors.get(root).is_some_and(|actor| self.tables[actor.table].root == root) {
            return self.actors.get_key_value(root).map(|(name, _)| name.as_str());
        }
        let shares = |actor: &Actor| self.tables[actor.table].root == root;
        self.actors.iter().find(|(_, actor)| shares(actor)).map(|(name, _)| name.as_str())
    }

    /// The image and the claim that a step attempts to acquire, if it does.
    pub fn attempted(&self, actor: &str, action: &Action) -> Option<(usize, Claim)> {
        if let Action::Open { options, .. } = action {
            return Some((self.image(&options.image)?, options.mode.claim()));
        }
        let node = self.node(actor, action.node()?)?;
        match action {
            Action::Set { mode, .. } | Action::Reopen { mode, .. } => {
                Some((node.image, mode.claim()))
            }
            Action::Activate { .. } => Some((node.image, node.claim)),
            _ => None,
        }
    }

    /// The backend of the locks that a node opened with these options takes,
    /// and whether QEMU would warn.
    pub fn resolve(&self, options: &OpenOptions) -> (Option<Backend>, bool) {
        let best = options.backend.unwrap_or(self.backend);
        match options.locking {
            None => (Some(best), false),
            Some(locking) => locking.resolve(best),
        }
    }

    /// The backend of the run.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The backend of a node's byte verbs.
    pub fn byte_backend(&self, options: &OpenOptions) -> Backend {
        options.backend.unwrap_or(self.backend)
    }

    /// Enters the outcome of a step. `handle` is the node's data in the
    /// worker's reply, if the reply has any.
    pub fn apply(
        &mut self,
        actor: &str,
        action: &Action,
        outcome: &Outcome,
        handle: Option<NodeHandle>,
    ) {
        let touched = self.tables_of(actor, action);
        let born = self.tables.len();
        self.uncount(&touched);
        self.note(actor, action, outcome, handle);
        self.count(touched.into_iter().chain(born..self.tables.len()));
    }

    fn note(
        &mut self,
        actor: &str,
        action: &Action,
        outcome: &Outcome,
        handle: Option<NodeHandle>,
    ) {
        match (action, outcome) {
            (Action::Await, Outcome::Blocked | Outcome::Paused) => {}
            (Action::Await, _) => {
                let pending = self.actors.get_mut(actor).and_then(|actor| actor.pending.take());
                if let Some(Pending { action, image }) = pending {
                    self.complete(actor, &action, outcome, image, handle);
                }
            }
            (_, Outcome::Blocked | Outcome::Paused) => {
                let image = self.image_of(actor, action);
                // A blocked lock is granted once no lock conflicts with it,
                // even if the harness learns of it later.
                if let Action::Lock { node, .. } = action {
                    self.lock_by_hand(actor, node);
                }
                if let Some(actor) = self.actors.get_mut(actor) {
                    actor.pending = Some(Pending { action: action.clone(), image });
                }
            }
            _ => {
                let image = self.image_of(actor, action);
                self.complete(actor, action, outcome, image, handle);
            }
        }
    }

    fn complete(
        &mut self,
        actor: &str,
        action: &Action,
        outcome: &Outcome,
        image: Option<usize>,
        handle: Option<NodeHandle>,
    ) {
        let succeeded = matches!(outcome, Outcome::Granted | Outcome::Done);
        match action {
            Action::Open { node, options } if succeeded => {
                self.open(actor, node, options, image, handle);
            }
            Action::Close { node } => {
                self.orphan_if_in_use(actor, node, None);
                if let Some(table) = self.table_mut(actor) {
                    table.nodes.remove(node);
                }
            }
            Action::Dup { node, copy } if succeeded => {
                self.copy(actor, node, actor, copy, handle);
            }
            Action::Send { node, to, copy } if succeeded => {
                self.copy(actor, node, to, copy, handle);
            }
            Action::Reopen { node, mode, access } => {
                // A reopen looks the image up by its name again.
                let named = self.node(actor, node).map(|node| &node.options.image);
                let image = named.and_then(|name| self.image(name)).filter(|_| succeeded);
                if succeeded {
                    self.orphan_if_in_use(actor, node, Some(mode.claim()));
                }
                let reached = image.map(|image| (image, self.descriptions));
                self.descriptions += usize::from(succeeded);
                if let Some(node) = self.node_mut(actor, node) {
                    node.reopened(mode.claim(), *access, reached, handle);
                }
            }
            Action::Set { node, mode, .. } => {
                if let Some(node) = self.node_mut(actor, node) {
                    node.changed(succeeded.then(|| mode.claim()), handle);
                }
            }
            Action::Activate { node } => {
                if let Some(node) = self.node_mut(actor, node) {
                    node.activated(succeeded, handle);
                }
            }
            Action::Inactivate { node } => {
                if let Some(node) = self.node_mut(actor, node) {
                    node.inactivated(handle);
                }
            }
            Action::Lock { node, .. } | Action::Unlock { node, .. } => {
                self.lock_by_hand(actor, node);
            }
            Action::Fork { child } if succeeded => self.fork(actor, child),
            Action::Thread { name } if succeeded => self.thread(actor, name),
            Action::Exec if succeeded => self.exec(actor),
            Action::Exit | Action::Kill => self.leave(actor),
            Action::Create { .. }
            | Action::HardLink { .. }
            | Action::Symlink { .. }
            | Action::Rename { .. }
            | Action::Unlink { .. }
            | Action::Bind { .. }
            | Action::Overlay { .. } => {
                if succeeded {
                    self.apply_names(action);
                }
            }
            // These failed, or they change no node.
            Action::Open { .. }
            | Action::Dup { .. }
            | Action::Send { .. }
            | Action::Fork { .. }
            | Action::Thread { .. }
            | Action::Exec
            | Action::Read { .. }
            | Action::Write { .. }
            | Action::Seek { .. }
            | Action::Test { .. }
            | Action::Stop
            | Action::Continue
            | Action::Signal
            | Action::Await => {}
        }
    }

    fn open(
        &mut self,
        actor: &str,
        node: &str,
        options: &OpenOptions,
        image: Option<usize>,
        handle: Option<NodeHandle>,
    ) {
        let Some(image) = image else { return };
        let (locks, _) = self.resolve(options);
        let description = self.descriptions;
        self.descriptions += 1;
        if let Some(table) = self.table_mut(actor) {
            let opened = Node::opened(options, image, locks, description, handle);
            table.nodes.insert(node.to_owned(), opened);
        }
    }

    fn copy(&mut self, actor: &str, node: &str, to: &str, copy: &str, handle: Option<NodeHandle>) {
        let Some(description) = self.node(actor, node).map(|node| node.description) else { return };
        self.each_copy(description, |node| node.copied = true);
        let Some(given) = self.node(actor, node).map(|node| node.given(handle)) else { return };
        if let Some(table) = self.table_mut(to) {
            table.nodes.insert(copy.to_owned(), given);
        }
    }

    /// Locks that byte verbs take on one descriptor belong to its copies, too.
    fn lock_by_hand(&mut self, actor: &str, node: &str) {
        let Some(description) = self.node(actor, node).map(|node| node.description) else { return };
        self.each_copy(description, |node| node.raw_locks = true);
    }

    fn each_copy(&mut self, description: usize, change: impl FnMut(&mut Node)) {
        let nodes = self.tables.iter_mut().flat_map(|table| table.nodes.values_mut());
        nodes.filter(|node| node.description == description).for_each(change);
    }

    fn fork(&mut self, parent: &str, child: &str) {
        let mut nodes = self.table(parent).map(|table| table.nodes.clone()).unwrap_or_default();
        for node in nodes.values_mut() {
            node.role = Role::Inherited;
            node.copied = true;
            self.each_copy(node.description, |node| node.copied = true);
        }
        self.enter(child, nodes);
        if let Some(from) = self.actors.get(parent).map(|actor| actor.table) {
            self.orphan_half_open(from, self.tables.len() - 1);
        }
    }

    fn thread(&mut self, parent: &str, name: &str) {
        let Some(table) = self.actors.get(parent).map(|actor| actor.table) else { return };
        self.tables[table].sharers += 1;
        self.actors.insert(name.to_owned(), Actor { table, pending: None });
    }

    fn exec(&mut self, actor: &str) {
        let Some(table) = self.actors.get(actor).map(|actor| actor.table) else { return };
        if self.tables[table].sharers == 1 {
            return self.tables[table].nodes.retain(|_, node| !node.options.cloexec);
        }
        let mut nodes = self.tables[table].nodes.clone();
        nodes.retain(|_, node| !node.options.cloexec);
        self.leave(actor);
        self.name_after_another(table, actor);
        for node in nodes.values_mut() {
            node.copied = true;
            self.each_copy(node.description, |node| node.copied = true);
        }
        self.enter(actor, nodes);
        self.orphan_half_open(table, self.tables.len() - 1);
    }

    /// A process that executes another program leaves the descriptor table that
    /// it shared. A table named after it gets another actor's name, so that no
    /// two tables have one name.
    fn name_after_another(&mut self, table: usize, actor: &str) {
        let sharers = self.actors.iter().filter(|(_, actor)| actor.table == table);
        let another = sharers.map(|(name, _)| name).min();
        if let Some(name) = another.filter(|_| self.tables[table].root == actor) {
            self.tables[table].root.clone_from(name);
        }
    }

    fn enter(&mut self, actor: &str, nodes: BTreeMap<String, Node>) {
        self.tables.push(Table { root: actor.to_owned(), sharers: 1, nodes });
        let entry = Actor { table: self.tables.len() - 1, pending: None };
        self.actors.insert(actor.to_owned(), entry);
    }

    fn leave(&mut self, actor: &str) {
        if let Some((image, claim)) = self.in_flight_by(actor)
            && let Some(table) = self.actors.get(actor).map(|actor| actor.table)
        {
            self.orphans.push(Orphan { table, image, claim });
        }
        if let Some(actor) = self.actors.remove(actor) {
            let table = &mut self.tables[actor.table];
            table.sharers = table.sharers.saturating_sub(1);
        }
    }

    fn table(&self, actor: &str) -> Option<&Table> {
        Some(&self.tables[self.actors.get(actor)?.table])
    }

    fn table_mut(&mut self, actor: &str) -> Option<&mut Table> {
        Some(&mut self.tables[self.actors.get(actor)?.table])
    }

    fn node_mut(&mut self, actor: &str, node: &str) -> Option<&mut Node> {
        self.table_mut(actor)?.nodes.get_mut(node)
    }
}
