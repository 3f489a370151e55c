use imglock_core::{ByteRange, LockType};

/// The owner of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The owner's number from the kernel. It stands for a descriptor table or
    /// for an open file description, and does not tell which.
    Numbered(u64),
    /// An open file description that is gone, by its handle.
    Gone(u64),
}

/// A granted lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub owner: Owner,
    /// The process that asked for it.
    pub pid: u32,
    /// The handle of the open file that was used for the request.
    pub handle: u64,
    pub kind: LockType,
    pub range: ByteRange,
}

/// The locks of one file, as in fcntl(2): an owner's locks never overlap, and
/// neighbours of one type are one lock.
#[derive(Debug, Default)]
pub(super) struct LockTable {
    /// The locks of one owner are adjacent and sorted by their bytes; owners
    /// are in the order of their first lock.
    held: Vec<Held>,
}

impl LockTable {
    /// The first lock that conflicts with a request of `owner`.
    pub fn obstacle(&self, owner: Owner, kind: LockType, range: ByteRange) -> Option<&Held> {
        self.held.iter().find(|held| {
            held.owner != owner && held.kind.excludes(kind) && held.range.overlaps(range)
        })
    }

    /// Replaces the owner's locks in the range by `lock`. No lock of another
    /// owner may conflict.
    pub fn put(&mut self, lock: Held) {
        let Held { owner, kind, range, .. } = lock;
        // An owner with locks keeps its place in the order of owners.
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

    /// Removes the locks of `owner` in a range.
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

    /// Removes all locks of `owner`.
    pub fn forget(&mut self, owner: Owner) {
        self.held.retain(|held| held.owner != owner);
    }

    /// Removes all locks that used a handle.
    pub fn release(&mut self, handle: u64) {
        self.held.retain(|held| held.handle != handle);
    }

    /// Keeps the locks that used a handle, with an owner that is gone.
    pub fn orphan(&mut self, handle: u64) {
        for held in self.held.iter_mut().filter(|held| held.handle == handle) {
            held.owner = Owner::Gone(handle);
        }
    }

    /// Whether there is no lock.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// Whether the byte after `one` is the first of `other`.
fn ends_before(one: ByteRange, other: ByteRange) -> bool {
    one.last.checked_add(1) == Some(other.first)
}

#[cfg(test)]
mod tests;
