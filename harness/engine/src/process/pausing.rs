use imglock_core::{Blocker, ByteLocks, LockError, LockType, RangeSpec};

/// Byte locks with a hook before each lock or test, to pause an opener
/// half-way.
pub(super) struct Pausing<'a> {
    inner: &'a mut dyn ByteLocks,
    before: &'a mut dyn FnMut(),
}

impl<'a> Pausing<'a> {
    /// Calls `before` before each lock or test.
    pub(super) fn new(inner: &'a mut dyn ByteLocks, before: &'a mut dyn FnMut()) -> Pausing<'a> {
        Pausing { inner, before }
    }
}

/// A hook that halts once, before the call after the `after`-th one. It never
/// halts if the opener finishes earlier.
pub(super) fn once(after: Option<u32>, mut halt: impl FnMut()) -> impl FnMut() {
    let mut calls_left = after;
    move || match calls_left {
        None => {}
        Some(0) => {
            calls_left = None;
            halt();
        }
        Some(left) => calls_left = Some(left - 1),
    }
}

impl ByteLocks for Pausing<'_> {
    fn set(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        (self.before)();
        self.inner.set(kind, range)
    }

    fn set_wait(&mut self, kind: LockType, range: RangeSpec) -> Result<(), LockError> {
        self.inner.set_wait(kind, range)
    }

    fn unlock(&mut self, range: RangeSpec) -> Result<(), LockError> {
        self.inner.unlock(range)
    }

    fn test(&mut self, kind: LockType, range: RangeSpec) -> Result<Option<Blocker>, LockError> {
        (self.before)();
        self.inner.test(kind, range)
    }
}
