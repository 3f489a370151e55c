use imglock_core::{ByteRange, LockType};

/// Whom a lock belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// Who the kernel says: a number that stands for a descriptor table or for
    /// an open file description, and does not say which.
    Numbered(u64),
    /// An open file that is no more, by its handle.
    Gone(u64),
}

/// A lock that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub owner: Owner,
    /// The process that asked for it.
    pub pid: u32,
    /// The handle of the open file that it was asked through.
    pub handle: u64,
    pub kind: LockType,
    pub range: ByteRange,
}

/// The locks of one file, as fcntl(2) says: an owner's locks never overlap,
/// and neighbours of one kind are one lock.
#[derive(Debug, Default)]
pub(super) struct LockTable {
    /// Those of one owner stand together, by their bytes; owners in the order
    /// in which they came.
    held: Vec<Held>,
}

impl LockTable {
    /// The first lock that keeps `owner` out.
    pub fn obstacle(&self, owner: Owner, kind: LockType, range: ByteRange) -> Option<&Held> {
        self.held.iter().find(|held| {
            held.owner != owner && held.kind.excludes(kind) && held.range.overlaps(range)
        })
    }

    /// Puts a lock in place of whatever its owner has there. Nobody else may
    /// be in the way.
    pub fn put(&mut self, lock: Held) {
        let Held { owner, kind, range, .. } = lock;
        // Who has locks stays where it is among those who came.
        let place = self.held.iter().position(|held| held.owner == owner);
        self.cut(owner, range);
        let mut merged = lock;
        self.held.retain(|held| {
            let neighbour = held.owner == owner
                && held.kind == kind
                && (ends_before(held.range, range) || ends_before(range, held.range));
            if neighbour {
                merged.range.first = merged.range.first.min(held.range.first);
                merged.range.last = merged.range.last.max(held.range.last);
            }
            !neighbour
        });
        let next = |held: &Held| held.owner == owner && held.range.first > range.first;
        let at = self.held.iter().position(next);
        let last = || self.held.iter().rposition(|held| held.owner == owner).map(|at| at + 1);
        let at = at.or_else(last).or(place).unwrap_or(self.held.len());
        self.held.insert(at, merged);
    }

    /// Gives up whatever `owner` has in a range.
    pub fn cut(&mut self, owner: Owner, range: ByteRange) {
        let parts = |held: Held| {
            if held.owner != owner || !held.range.overlaps(range) {
                return [Some(held), None];
            }
            let before = (held.range.first < range.first)
                .then(|| Held { range: ByteRange::new(held.range.first, range.first - 1), ..held });
            let after = (held.range.last > range.last)
                .then(|| Held { range: ByteRange::new(range.last + 1, held.range.last), ..held });
            [before, after]
        };
        let held = std::mem::take(&mut self.held);
        self.held = held.into_iter().flat_map(parts).flatten().collect();
    }

    /// Drops everything that `owner` has.
    pub fn forget(&mut self, owner: Owner) {
        self.held.retain(|held| held.owner != owner);
    }

    /// Drops everything that was locked through a handle.
    pub fn release(&mut self, handle: u64) {
        self.held.retain(|held| held.handle != handle);
    }

    /// What was locked through a handle stays, and is nobody's.
    pub fn orphan(&mut self, handle: u64) {
        for held in self.held.iter_mut().filter(|held| held.handle == handle) {
            held.owner = Owner::Gone(handle);
        }
    }

    /// Whether nobody has a lock.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// Whether the byte after `one` is the first of `other`.
fn ends_before(one: ByteRange, other: ByteRange) -> bool {
    one.last.checked_add(1) == Some(other.first)
}

#[cfg(test)]
#[path = "lock_table_tests.rs"]
mod tests;
