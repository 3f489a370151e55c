use super::{Claim, Permission, Permissions};

/// The lock byte of held permission 0 (`RAW_LOCK_PERM_BASE` in QEMU's block/file-posix.c).
pub const HELD_BASE: i64 = 100;
/// The lock byte of unshared permission 0 (`RAW_LOCK_SHARED_BASE` in QEMU's block/file-posix.c).
pub const UNSHARED_BASE: i64 = 200;

/// The offset of the byte that is read-locked while `permission` is held.
pub fn held_byte(permission: Permission) -> i64 {
    HELD_BASE + i64::from(permission.number())
}

/// The offset of the byte that is read-locked while `permission` is not shared.
pub fn unshared_byte(permission: Permission) -> i64 {
    UNSHARED_BASE + i64::from(permission.number())
}

/// The offsets of all lock bytes of a claim, in ascending order.
pub fn lock_bytes(claim: Claim) -> Vec<i64> {
    let of = |set: Permissions, byte: fn(Permission) -> i64| set.each().map(byte);
    of(claim.held, held_byte).chain(of(claim.unshared(), unshared_byte)).collect()
}
