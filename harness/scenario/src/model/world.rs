use std::collections::{BTreeMap, BTreeSet};

use super::images::{Image, Images};
use super::process::{Actor, Description, Node, Place, Request, Table};
use super::table::{ByteTable, Owner};
use imglock_core::Backend;
use imglock_core::{Access, Locking};
use imglock_core::{NodeName, OpenOptions, TableLock};

/// The model's state: images, processes, what they have open and locked.
///
/// ```
/// use imglock_core::{Access, Mode};
/// use imglock_core::Backend;
/// use imglock_scenario::{Prediction, World};
/// use imglock_core::{Action, OpenOptions, Outcome};
///
/// let mut world = World::new(Backend::Ofd, &[("disk.img".into(), 1 << 20)]);
/// let open = Action::Open {
///     node: "disk".into(),
///     options: OpenOptions {
///         image: "disk.img".into(),
///         mode: Mode::Rw.into(),
///         access: Access::ReadWrite,
///         backend: None,
///         locking: None,
///         inactive: false,
///         cloexec: true,
///         pause_after: None,
///     },
/// };
/// assert_eq!(world.predict("vm1", &open), Prediction::Exactly(Outcome::Granted));
/// world.apply("vm1", &open, &Outcome::Granted);
/// let Prediction::Exactly(refused) = world.predict("vm2", &open) else { panic!() };
/// assert_eq!(refused.to_string(), "refused write");
/// ```
#[derive(Debug, Clone)]
pub struct World {
    pub(super) backend: Backend,
    pub(super) images: Images,
    /// Descriptor tables, dead ones included: their place is their identity.
    pub(super) tables: Vec<Table>,
    /// Open file descriptions, closed ones included.
    pub(super) descriptions: Vec<Description>,
    /// The live actors.
    pub(super) actors: BTreeMap<String, Actor>,
    /// Requests of waiting actors, in the order in which they came.
    pub(super) queue: Vec<Request>,
    /// Whether OFD locks stay when their file is closed.
    loses_sight_of_ofd: bool,
}

impl World {
    /// A world of these images (name and size in bytes) and no process yet,
    /// where locks are of `backend` unless a node says otherwise.
    pub fn new(backend: Backend, images: &[(String, u64)]) -> World {
        let mut directory = Images::default();
        for (name, size) in images {
            directory.create(name, *size);
        }
        World {
            backend,
            images: directory,
            tables: Vec::new(),
            descriptions: Vec::new(),
            actors: BTreeMap::new(),
            queue: Vec::new(),
            loses_sight_of_ofd: false,
        }
    }

    /// The same, where nobody tells who keeps the locks that a file is closed:
    /// its OFD locks stay in everybody's way. A FUSE server is such a one.
    #[must_use]
    pub fn losing_sight_of_ofd(self, loses_sight_of_ofd: bool) -> World {
        World { loses_sight_of_ofd, ..self }
    }

    /// Lets a process exist, with nothing open. It is no error if it does
    /// already; one that is first named by a step comes into being there.
    pub fn spawn(&mut self, actor: &str) {
        self.table_for(actor);
    }

    /// The whole lock table as /proc/locks must show it, sorted; what is only
    /// waited for is part of it.
    pub fn locks(&self) -> Vec<TableLock> {
        let held = self.images.each().flat_map(|(image, file)| {
            file.locks.each().map(move |(owner, extent)| TableLock {
                image,
                backend: owner.backend(),
                kind: extent.kind,
                range: extent.range,
                waiting: false,
                holders: self.holders(owner),
            })
        });
        let waited_for = self.queue.iter().map(|request| TableLock {
            image: request.file,
            backend: request.owner.backend(),
            kind: request.kind,
            range: request.range,
            waiting: true,
            holders: match request.owner {
                Owner::Process(_) => self.holders(request.owner),
                Owner::Description(_) => BTreeSet::new(),
            },
        });
        let mut locks: Vec<TableLock> = held.chain(waited_for).collect();
        locks.sort();
        locks
    }

    fn holders(&self, owner: Owner) -> BTreeSet<String> {
        match owner {
            Owner::Process(table) => {
                self.tables.get(table).map(|table| table.name.clone()).into_iter().collect()
            }
            Owner::Description(description) => self
                .descriptions
                .get(description)
                .into_iter()
                .flat_map(|description| &description.nodes)
                .filter(|(table, node)| self.open_node(*table, node).is_some())
                .filter_map(|(table, node)| {
                    let process = &self.tables.get(*table)?.name;
                    Some(NodeName::new(process, node).to_string())
                })
                .collect(),
        }
    }

    /// The actor's descriptor table, or the number its first one would get.
    pub(super) fn table_of(&self, actor: &str) -> usize {
        self.actors.get(actor).map_or(self.tables.len(), |actor| actor.table)
    }

    /// The actor's descriptor table; makes the process if there is none.
    pub(super) fn table_for(&mut self, actor: &str) -> usize {
        if let Some(actor) = self.actors.get(actor) {
            return actor.table;
        }
        let table = self.add_table(actor, BTreeMap::new());
        self.add_actor(actor, table);
        table
    }

    /// A new descriptor table with these nodes, each one more descriptor of
    /// its description. It has no actor yet.
    pub(super) fn add_table(&mut self, name: &str, nodes: BTreeMap<String, Node>) -> usize {
        let table = self.tables.len();
        for (node, state) in &nodes {
            if let Some(description) = self.descriptions.get_mut(state.description) {
                description.nodes.insert((table, node.clone()));
            }
        }
        self.tables.push(Table { name: name.to_owned(), actors: 0, nodes });
        table
    }

    pub(super) fn add_actor(&mut self, actor: &str, table: usize) {
        if let Some(table) = self.tables.get_mut(table) {
            table.actors += 1;
        }
        let state = Actor { name: actor.into(), table, pending: None };
        self.actors.insert(actor.to_owned(), state);
    }

    pub(super) fn node(&self, table: usize, node: &str) -> Option<&Node> {
        self.tables.get(table)?.nodes.get(node)
    }

    /// A node that others can use, too: one whose open has ended.
    pub(super) fn open_node(&self, table: usize, node: &str) -> Option<&Node> {
        self.node(table, node).filter(|node| !node.opening)
    }

    pub(super) fn node_mut(&mut self, table: usize, node: &str) -> Option<&mut Node> {
        self.tables.get_mut(table)?.nodes.get_mut(node)
    }

    pub(super) fn image_of(&self, node: &Node) -> Option<&Image> {
        self.images.get(self.descriptions.get(node.description)?.file)
    }

    pub(super) fn locks_of(&self, file: usize) -> Option<&ByteTable> {
        self.images.get(file).map(|image| &image.locks)
    }

    /// Where the lock calls of a node of `table` go.
    pub(super) fn place(&self, table: usize, node: &Node) -> Option<Place> {
        let description = self.descriptions.get(node.description)?;
        Some(Place {
            file: description.file,
            owner: owner(node.backend, table, node.description),
            access: description.access,
        })
    }

    /// Where the lock calls of the next description would go.
    pub(super) fn next_place(
        &self,
        backend: Backend,
        table: usize,
        file: usize,
        access: Access,
    ) -> Place {
        Place { file, owner: owner(backend, table, self.descriptions.len()), access }
    }

    pub(super) fn add_description(&mut self, file: usize, access: Access) -> usize {
        self.descriptions.push(Description { file, access, offset: 0, nodes: BTreeSet::new() });
        self.descriptions.len() - 1
    }

    /// Puts a descriptor into a table, in place of one of the same name.
    pub(super) fn insert(&mut self, table: usize, name: &str, node: Node) {
        self.close(table, name);
        if let Some(description) = self.descriptions.get_mut(node.description) {
            description.nodes.insert((table, name.to_owned()));
        }
        if let Some(table) = self.tables.get_mut(table) {
            table.nodes.insert(name.to_owned(), node);
        }
    }

    /// close(2): any close drops the table's POSIX locks on the file, the last
    /// one of a description its OFD locks.
    pub(super) fn close(&mut self, table: usize, name: &str) {
        let Some(node) = self.tables.get_mut(table).and_then(|table| table.nodes.remove(name))
        else {
            return;
        };
        self.release(table, name, node.description);
    }

    /// What close(2) does to a description that `name` no longer stands for.
    pub(super) fn release(&mut self, table: usize, name: &str, description: usize) {
        let Some(state) = self.descriptions.get_mut(description) else { return };
        state.nodes.remove(&(table, name.to_owned()));
        let file = state.file;
        if let Some(image) = self.images.get_mut(file) {
            image.locks.forget(Owner::Process(table));
        }
        self.drop_unused(description);
        self.grant_waiting(file);
    }

    /// Drops the OFD locks of a description that no descriptor stands for and
    /// no waiting call has in use.
    pub(super) fn drop_unused(&mut self, description: usize) {
        let Some(state) = self.descriptions.get(description) else { return };
        let in_use = self.queue.iter().any(|request| request.description == description);
        if !state.nodes.is_empty() || in_use || self.loses_sight_of_ofd {
            return;
        }
        if let Some(image) = self.images.get_mut(state.file) {
            image.locks.forget(Owner::Description(description));
        }
    }
}

fn owner(backend: Backend, table: usize, description: usize) -> Owner {
    match backend {
        Backend::Ofd => Owner::Description(description),
        Backend::Posix => Owner::Process(table),
    }
}

/// Which backend a node asks, and whether its claims are locked at all.
pub(super) fn backend_of(options: &OpenOptions, run: Backend) -> (Backend, bool) {
    let best = options.backend.unwrap_or(run);
    match options.locking.map(|locking: Locking| locking.resolve(best).0) {
        None => (best, true),
        Some(Some(backend)) => (backend, true),
        Some(None) => (best, false),
    }
}
