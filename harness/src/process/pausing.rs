use crate::lock::{Blocker, ByteLocks, LockError, LockType, RangeSpec};

/// Locks that halt once after a number of calls, to catch an opener half-way.
pub(super) struct Pausing<'a> {
    inner: &'a mut dyn ByteLocks,
    calls_left: Option<u32>,
    halt: &'a mut dyn FnMut(),
}

impl<'a> Pausing<'a> {
    /// Calls `halt` before the lock or test that follows the `after`-th one;
    /// never, where the verdict is reached before.
    pub(super) fn new(
        inner: &'a mut dyn ByteLocks,
        after: Option<u32>,
        halt: &'a mut dyn FnMut(),
    ) -> Pausing<'a> {
        Pausing { inner, calls_left: after, halt }
    }

    fn count(&mut self) {
        match self.calls_left {
            None => {}
            Some(0) => {
                self.calls_left = None;
                (self.halt)();
            }
            Some(left) => self.calls_left = Some(left - 1),
        }
    }
}

impl ByteLocks for Pausing<'_> {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.count();
        self.inner.set(kind, range)
    }

    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.inner.set_wait(kind, range)
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        self.inner.unlock(range)
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        self.count();
        self.inner.test(kind, range)
    }
}
