use super::attempt::{Call, bytes_of};
use super::change::{calls_of, calls_of_open};
use super::process::{Node, Pending};
use super::table::Owner;
use super::world::{World, backend_of};
use imglock_core::{Action, ByteRange, Claim, LockType};

/// A lock on a file: the number of the file, the type and the bytes.
pub(super) type Spot = (usize, LockType, ByteRange);

/// The largest possible effect of a step on the lock tables.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    /// Locks that it requests or tests. A conflicting lock of another owner changes its outcome.
    pub(super) asks: Vec<Spot>,
    /// Locks that it may add, even for a short time.
    pub(super) adds: Vec<Spot>,
    /// Existing locks that it may remove.
    pub(super) drops: Vec<Spot>,
}

impl World {
    /// The footprint of `action` by `actor`. It is never too small.
    pub(super) fn footprint(&self, actor: &str, action: &Action) -> Footprint {
        let table = self.table_of(actor);
        let mut print = Footprint::default();
        match action {
            Action::Open { options, .. } => {
                if let Ok(file) = self.images.resolve(&options.image) {
                    let (_, locking) = backend_of(options, self.backend);
                    print.calls(file, &calls_of_open(options, locking));
                }
                self.drops_of_table(table, &mut print);
            }
            Action::Exit | Action::Kill | Action::Exec | Action::Send { .. } => {
                self.drops_of_table(table, &mut print);
            }
            Action::Continue | Action::Await => self.pending(actor, table, &mut print),
            action => {
                if let Some(node) = action.node().and_then(|name| self.node(table, name)) {
                    self.node_footprint(actor, table, node, action, &mut print);
                }
            }
        }
        print
    }

    fn node_footprint(
        &self,
        actor: &str,
        table: usize,
        node: &Node,
        action: &Action,
        print: &mut Footprint,
    ) {
        let Some(place) = self.place(table, node) else { return };
        match action {
            Action::Set { mode, .. } => print.calls(place.file, &calls_of(node, mode.claim())),
            Action::Activate { .. } => {
                let awake = Node { dormant: None, ..node.clone() };
                print.calls(place.file, &calls_of(&awake, node.dormant.unwrap_or(Claim::NOTHING)));
            }
            Action::Reopen { mode, .. } => {
                print.calls(place.file, &calls_of(node, mode.claim()));
                if let Ok(file) = self.images.resolve(&node.image) {
                    let copied: Vec<Call> =
                        bytes_of(mode.claim()).into_iter().map(Call::Lock).collect();
                    print.calls(file, &copied);
                }
            }
            Action::Lock { node, kind, range, .. } => {
                if let Ok(request) = self.request(actor, (table, node), *kind, *range) {
                    let spot = (place.file, *kind, request.range);
                    print.asks.push(spot);
                    print.adds.push(spot);
                }
            }
            Action::Test { kind, range, .. } => {
                if let Ok(range) = self.range_of(node, *range) {
                    print.asks.push((place.file, *kind, range));
                }
                return;
            }
            Action::Read { .. } | Action::Write { .. } | Action::Seek { .. } => return,
            Action::Close { .. }
            | Action::Inactivate { .. }
            | Action::Dup { .. }
            | Action::Unlock { .. } => {}
            // `footprint` has what they do, or they are about no node.
            Action::Open { .. }
            | Action::Send { .. }
            | Action::Fork { .. }
            | Action::Thread { .. }
            | Action::Exec
            | Action::Exit
            | Action::Kill
            | Action::Stop
            | Action::Continue
            | Action::Signal
            | Action::Await
            | Action::Create { .. }
            | Action::HardLink { .. }
            | Action::Symlink { .. }
            | Action::Rename { .. }
            | Action::Unlink { .. }
            | Action::Bind { .. }
            | Action::Overlay { .. } => return,
        }
        self.drops_of_table(table, print);
    }

    fn pending(&self, actor: &str, table: usize, print: &mut Footprint) {
        let pending = self.actors.get(actor).and_then(|actor| actor.pending.as_ref());
        match pending {
            Some(Pending::Paused(attempt)) => {
                let node = self.node(table, &attempt.node);
                if let Some(place) = node.and_then(|node| self.place(table, node)) {
                    print.calls(place.file, &attempt.calls);
                }
                self.drops_of_table(table, print);
            }
            Some(Pending::Stopped { request, .. }) => {
                let spot = (request.file, request.kind, request.range);
                print.asks.push(spot);
                print.adds.push(spot);
                self.drops_of_table(table, print);
            }
            Some(Pending::Waiting | Pending::Over(_)) | None => {}
        }
    }

    /// All locks of all owners behind a descriptor table. Most steps can drop fewer, but this is
    /// certainly enough.
    fn drops_of_table(&self, table: usize, print: &mut Footprint) {
        let Some(state) = self.tables.get(table) else { return };
        for node in state.nodes.values() {
            let Some(open) = self.descriptions.get(node.description) else { continue };
            let owners = [Owner::Process(table), Owner::Description(node.description)];
            let locks = self.locks_of(open.file).into_iter();
            let held = locks.flat_map(|locks| owners.into_iter().flat_map(|one| locks.of(one)));
            print.drops.extend(held.map(|held| (open.file, held.kind, held.range)));
        }
    }
}

impl Footprint {
    fn calls(&mut self, file: usize, calls: &[Call]) {
        for call in calls {
            let (byte, kind) = call.asks();
            let spot = (file, kind, ByteRange::new(byte, byte));
            self.asks.push(spot);
            if let Call::Lock(_) = call {
                self.adds.push(spot);
            }
        }
    }
}
