use std::collections::{BTreeMap, BTreeSet};

use super::images::{Image, Images};
use super::process::{Actor, Description, Node, Place, Request, Table};
use super::table::{ByteTable, Owner};
use imglock_core::{Access, Backend, LockHolder, Locking, NodeName, OpenOptions, TableLock};

/// The state of the model: images, processes, their open files and their locks.
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
    /// Descriptor tables, including closed ones: the index is their identity.
    pub(super) tables: Vec<Table>,
    /// Open file descriptions, including closed ones.
    pub(super) descriptions: Vec<Description>,
    /// The live actors.
    pub(super) actors: BTreeMap<String, Actor>,
    /// The requests of waiting actors, in the order of their arrival.
    pub(super) queue: Vec<Request>,
    /// Whether OFD locks stay when their file is closed.
    loses_sight_of_ofd: bool,
}

impl World {
    /// A world with these images (name and size in bytes) and no process. Locks are of kind `backend`
    /// unless a node states another one.
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

    /// The same world with a lock server that is not notified when a file is closed, so that OFD locks
    /// stay and continue to conflict. A FUSE server can be such a server.
    #[must_use]
    pub fn losing_sight_of_ofd(self, loses_sight_of_ofd: bool) -> World {
        World { loses_sight_of_ofd, ..self }
    }

    /// Adds a process without open files. It has no effect if the process exists. A process that is
    /// first named by a step is added there.
    pub fn spawn(&mut self, actor: &str) {
        self.table_for(actor);
    }

    /// The complete lock table as /proc/locks must show it, sorted. It includes locks for which an
    /// actor waits.
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

    fn holders(&self, owner: Owner) -> BTreeSet<LockHolder> {
        match owner {
            Owner::Process(table) => {
                let table = self.tables.get(table);
                table.map(|table| LockHolder::Process(table.name.clone())).into_iter().collect()
            }
            Owner::Description(description) => self
                .descriptions
                .get(description)
                .into_iter()
                .flat_map(|description| &description.nodes)
                .filter(|(table, node)| self.open_node(*table, node).is_some())
                .filter_map(|(table, node)| {
                    let process = &self.tables.get(*table)?.name;
                    Some(NodeName::new(process, node).into())
                })
                .collect(),
        }
    }

    /// The index of the descriptor table of the actor, or the index that its first one would get.
    pub(super) fn table_of(&self, actor: &str) -> usize {
        self.actors.get(actor).map_or(self.tables.len(), |actor| actor.table)
    }

    /// The index of the descriptor table of the actor. The process is added if it does not exist.
    pub(super) fn table_for(&mut self, actor: &str) -> usize {
        if let Some(actor) = self.actors.get(actor) {
            return actor.table;
        }
        let table = self.add_table(actor, BTreeMap::new());
        self.add_actor(actor, table);
        table
    }

    /// Adds a descriptor table with these nodes, each of which is one more descriptor of its open file
    /// description. The table has no actor yet.
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

    /// A node that all actors of the table can use: its open has finished.
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

    /// The target of the lock calls of a node of `table`.
    pub(super) fn place(&self, table: usize, node: &Node) -> Option<Place> {
        let description = self.descriptions.get(node.description)?;
        Some(Place {
            file: description.file,
            owner: owner(node.backend, table, node.description),
            access: description.access,
        })
    }

    /// The target of the lock calls of the next open file description.
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

    /// Drops the OFD locks of an open file description without a descriptor and without a waiting call.
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

/// The backend of a node, and whether its claims are locked.
pub(super) fn backend_of(options: &OpenOptions, run: Backend) -> (Backend, bool) {
    let best = options.backend.unwrap_or(run);
    match options.locking.map(|locking: Locking| locking.resolve(best).0) {
        None => (best, true),
        Some(Some(backend)) => (backend, true),
        Some(None) => (best, false),
    }
}
