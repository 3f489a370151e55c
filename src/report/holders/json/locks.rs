//! Locks, as parts of the document.

use imglock_core::{ByteRange, Claim, LockType, Permissions};
use imglock_locks::{ForeignLock, LockClass, OwnedLock};
use serde::Serialize;

/// The permissions that an owner holds, and those that it does not share.
#[derive(Serialize)]
pub struct ClaimView {
    held: Permissions,
    unshared: Permissions,
}

impl ClaimView {
    pub fn of(claim: Claim) -> ClaimView {
        ClaimView { held: claim.held, unshared: claim.unshared() }
    }
}

/// A lock, as a table shows it.
#[derive(Serialize)]
pub struct LockView {
    r#type: LockClass,
    /// Null for a lease that is being released.
    kind: Option<LockType>,
    first: i64,
    /// Null for the end of the file, however far it grows.
    last: Option<i64>,
    waiting: bool,
}

impl LockView {
    pub fn of(lock: &OwnedLock, waiting: bool) -> LockView {
        LockView {
            r#type: lock.class,
            kind: lock.kind,
            first: lock.range.first,
            last: last(lock.range),
            waiting,
        }
    }
}

fn last(range: ByteRange) -> Option<i64> {
    Some(range.last).filter(|last| *last != ByteRange::EOF)
}

/// A lock, as the kernel answers.
#[derive(Serialize)]
pub struct ForeignView {
    kind: LockType,
    first: i64,
    last: Option<i64>,
    /// Whether the lock covers the whole range; otherwise it is somewhere in it.
    exact: bool,
}

impl ForeignView {
    pub fn of(lock: &ForeignLock) -> ForeignView {
        let ForeignLock { kind, range, exact, .. } = *lock;
        ForeignView { kind, first: range.first, last: last(range), exact }
    }
}
