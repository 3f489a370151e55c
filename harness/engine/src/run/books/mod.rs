mod actors;
mod census;
mod claims;
mod names;
mod node;
mod pending;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::process::NodeHandle;
use actors::{Actors, Table};
use census::Census;
use imglock_core::{Action, Backend, Claim, OpenOptions, Outcome};
use names::Names;
use pending::{Orphan, Pending};

pub use actors::FullName;
pub use node::{Node, Role};

/// The harness's record of actors, descriptor tables, nodes and images, as far
/// as outcomes tell.
///
/// It knows nothing of locks. The model decides what an opener *may* do; the
/// books record only what it has, so that the harness can make the next request
/// and check the contract.
#[derive(Debug, Clone)]
pub struct Books {
    backend: Backend,
    names: Names,
    actors: Actors,
    orphans: Vec<Orphan>,
    descriptions: usize,
    census: Census,
}

impl Books {
    /// Books for a run on `backend`, with these names of images.
    pub fn new(backend: Backend, images: impl IntoIterator<Item = String>) -> Books {
        let mut books = Books {
            backend,
            names: Names::default(),
            actors: Actors::default(),
            orphans: Vec::new(),
            descriptions: 0,
            census: Census::default(),
        };
        for name in images {
            books.names.add_image(name);
        }
        books
    }

    /// Enters a process that exists from the start.
    pub fn spawn(&mut self, actor: &str) {
        self.actors.enter(actor, BTreeMap::new());
    }

    /// The process under whose name an actor's POSIX locks are shown: the first
    /// one that had the actor's descriptor table.
    pub fn owner(&self, actor: &str) -> Option<&str> {
        Some(&self.actors.table(actor)?.root)
    }

    /// A node, as `actor` sees it.
    pub fn node(&self, actor: &str, node: &str) -> Option<&Node> {
        self.actors.node(actor, node)
    }

    /// The full name of a node.
    pub fn full_name<'a>(&'a self, actor: &str, node: &'a str) -> Option<FullName<'a>> {
        Some(FullName { root: self.owner(actor)?, node })
    }

    /// Every open node, once for each descriptor table, with its full name.
    pub fn nodes(&self) -> impl Iterator<Item = (FullName<'_>, &Node)> {
        self.actors.tables().iter().flat_map(Table::live_nodes)
    }

    /// The open nodes of one actor.
    pub fn nodes_of(&self, actor: &str) -> impl Iterator<Item = &Node> {
        self.actors.table(actor).into_iter().flat_map(|table| table.nodes.values())
    }

    /// Whether more than `count` nodes are open.
    pub fn has_more_nodes_than(&self, count: usize) -> bool {
        self.nodes().nth(count).is_some()
    }

    /// A live actor that has the descriptor table named after `root`.
    pub fn sharer(&self, root: &str) -> Option<&str> {
        self.actors.sharer(root)
    }

    /// The index of the image that a name means now.
    pub fn image(&self, name: &str) -> Option<usize> {
        self.names.image(name)
    }

    /// Whether symbolic links lead from a name to something that is mounted.
    pub fn is_mount(&self, name: &str) -> bool {
        self.names.is_mount(name)
    }

    /// The blocked or paused step of an actor.
    pub fn pending(&self, actor: &str) -> Option<&Action> {
        Some(&self.actors.pending(actor)?.action)
    }

    /// The index of the image of an actor's step. For a resumed step this is
    /// the image it had when it began.
    pub fn image_of(&self, actor: &str, action: &Action) -> Option<usize> {
        match action {
            Action::Await => self.actors.pending(actor)?.image,
            Action::Open { options, .. } => self.image(&options.image),
            action => Some(self.node(actor, action.node()?)?.image),
        }
    }

    /// Every blocked or paused step, with its actor.
    pub fn all_pending(&self) -> impl Iterator<Item = (&str, &Action)> {
        self.actors.all_pending().map(|(actor, pending)| (actor, &pending.action))
    }

    /// The claim that an actor's paused step attempts to acquire, with its
    /// image.
    pub fn in_flight_by(&self, actor: &str) -> Option<(usize, Claim)> {
        let Pending { action, image } = self.actors.pending(actor)?;
        match action {
            Action::Open { options, .. } => Some(((*image)?, options.mode.claim())),
            action => self.attempted(actor, action),
        }
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
        let touched = self.actors.tables_of(actor, action);
        let born = self.actors.tables().len();
        self.uncount(&touched);
        self.note(actor, action, outcome, handle);
        self.count(touched.into_iter().chain(born..self.actors.tables().len()));
    }

    /// Removes the nodes of some tables from the counts.
    fn uncount(&mut self, tables: &[usize]) {
        let counted = tables.iter().flat_map(|table| self.actors.tables()[*table].live_nodes());
        counted.for_each(|(_, node)| self.census.remove(node));
    }

    /// Adds the nodes of some tables to the counts, as they are now.
    fn count(&mut self, tables: impl IntoIterator<Item = usize>) {
        let tables = tables.into_iter();
        let counted = tables.flat_map(|table| self.actors.tables()[table].live_nodes());
        counted.for_each(|(_, node)| self.census.add(node));
    }

    /// The counts computed anew from all nodes.
    #[cfg(test)]
    fn recounted(&self) -> Census {
        let mut anew = Books { census: Census::default(), ..self.clone() };
        anew.count(0..self.actors.tables().len());
        anew.census
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
                if let Some(Pending { action, image }) = self.actors.take_pending(actor) {
                    self.complete(actor, &action, outcome, image, handle);
                }
            }
            (_, Outcome::Blocked | Outcome::Paused) => {
                let image = self.image_of(actor, action);
                // A blocked lock is granted once no lock conflicts with it,
                // even if the harness learns of it later.
                if let Action::Lock { node, .. } = action {
                    self.actors.lock_by_hand(actor, node);
                }
                self.actors.set_pending(actor, Pending { action: action.clone(), image });
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
                if let Some(table) = self.actors.table_mut(actor) {
                    table.nodes.remove(node);
                }
            }
            Action::Dup { node, copy } if succeeded => {
                self.actors.copy(actor, node, actor, copy, handle);
            }
            Action::Send { node, to, copy } if succeeded => {
                self.actors.copy(actor, node, to, copy, handle);
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
                if let Some(node) = self.actors.node_mut(actor, node) {
                    node.reopened(mode.claim(), *access, reached, handle);
                }
            }
            Action::Set { node, mode, .. } => {
                if let Some(node) = self.actors.node_mut(actor, node) {
                    node.changed(succeeded.then(|| mode.claim()), handle);
                }
            }
            Action::Activate { node } => {
                if let Some(node) = self.actors.node_mut(actor, node) {
                    node.activated(succeeded, handle);
                }
            }
            Action::Inactivate { node } => {
                if let Some(node) = self.actors.node_mut(actor, node) {
                    node.inactivated(handle);
                }
            }
            Action::Lock { node, .. } | Action::Unlock { node, .. } => {
                self.actors.lock_by_hand(actor, node);
            }
            Action::Fork { child } if succeeded => self.fork(actor, child),
            Action::Thread { name } if succeeded => self.actors.enter_thread(actor, name),
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
                    self.names.apply(action);
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
        if let Some(table) = self.actors.table_mut(actor) {
            let opened = Node::opened(options, image, locks, description, handle);
            table.nodes.insert(node.to_owned(), opened);
        }
    }

    fn fork(&mut self, parent: &str, child: &str) {
        let nodes = self.actors.inherited(parent);
        let table = self.actors.enter(child, nodes);
        if let Some(from) = self.actors.number_of_table(parent) {
            self.orphan_half_open(from, table);
        }
    }

    fn exec(&mut self, actor: &str) {
        let Some(left) = self.actors.number_of_table(actor) else { return };
        let Some(table) = self.actors.table_mut(actor) else { return };
        if table.sharers == 1 {
            return table.nodes.retain(|_, node| !node.options.cloexec);
        }
        let mut nodes = table.nodes.clone();
        nodes.retain(|_, node| !node.options.cloexec);
        self.leave(actor);
        self.actors.name_after_another(left, actor);
        self.actors.mark_copied(&mut nodes);
        let table = self.actors.enter(actor, nodes);
        self.orphan_half_open(left, table);
    }

    fn leave(&mut self, actor: &str) {
        if let Some((image, claim)) = self.in_flight_by(actor)
            && let Some(table) = self.actors.number_of_table(actor)
        {
            self.orphans.push(Orphan { table, image, claim });
        }
        self.actors.remove(actor);
    }

    /// Records orphans for a copied descriptor table: each open in progress in
    /// `from` leaves a descriptor without a node in its copy `to`.
    fn orphan_half_open(&mut self, from: usize, to: usize) {
        let half_open = self.actors.half_open(from);
        self.orphans.extend(half_open.map(|(image, claim)| Orphan { table: to, image, claim }));
    }

    /// Records orphans for a closed node whose description a waiting call keeps
    /// open: its claim in force, and the claim that was prepared, if any.
    fn orphan_if_in_use(&mut self, actor: &str, node: &str, prepared: Option<Claim>) {
        let Some(table) = self.actors.number_of_table(actor) else { return };
        if let Some(open) = self.node(actor, node)
            && self.actors.is_in_use(table, node)
        {
            let (image, claims) = (open.image, [Some(open.claim_in_force()), prepared]);
            let orphans = claims.into_iter().flatten().map(|claim| Orphan { table, image, claim });
            self.orphans.extend(orphans);
        }
    }
}
