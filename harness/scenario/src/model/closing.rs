use super::process::Node;
use super::table::Owner;
use super::world::World;

impl World {
    /// Adds a descriptor to a table. It replaces one of the same name.
    pub(super) fn insert(&mut self, table: usize, name: &str, node: Node) {
        self.close(table, name);
        if let Some(description) = self.descriptions.get_mut(node.description) {
            description.nodes.insert((table, name.to_owned()));
        }
        if let Some(table) = self.tables.get_mut(table) {
            table.nodes.insert(name.to_owned(), node);
        }
    }

    /// close(2): every close drops the POSIX locks of the table on the file. The last close of an open
    /// file description drops its OFD locks.
    pub(super) fn close(&mut self, table: usize, name: &str) {
        let Some(node) = self.tables.get_mut(table).and_then(|table| table.nodes.remove(name))
        else {
            return;
        };
        self.release(table, name, node.description);
    }

    /// The effect of close(2) on an open file description to which `name` no longer refers.
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
}
