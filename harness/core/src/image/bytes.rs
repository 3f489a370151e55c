use super::{Claim, Permission, Permissions};

/// The lock byte of held permission 0 (`RAW_LOCK_PERM_BASE`).
pub const HELD_BASE: i64 = 100;
/// The lock byte of unshared permission 0 (`RAW_LOCK_SHARED_BASE`).
pub const UNSHARED_BASE: i64 = 200;

/// The byte that is read-locked while `permission` is held.
pub fn held_byte(permission: Permission) -> i64 {
    HELD_BASE + i64::from(permission.number())
}

/// The byte that is read-locked while `permission` is not shared.
pub fn unshared_byte(permission: Permission) -> i64 {
    UNSHARED_BASE + i64::from(permission.number())
}

/// Every lock byte of a claim, ascending.
pub fn lock_bytes(claim: Claim) -> Vec<i64> {
    let of = |set: Permissions, byte: fn(Permission) -> i64| set.each().map(byte);
    of(claim.held, held_byte).chain(of(claim.unshared(), unshared_byte)).collect()
}
