use crate::guest::Role;

/// The role of the init of a guest in a network.
pub(super) const GUEST: Role = Role("lan-guest");

/// The role of the process that executes the requests. It is a child of init,
/// because init has to wait for orphaned processes of all kinds.
pub(super) const AGENT: Role = Role("lan-agent");

/// The role of a process that holds one lock.
pub(super) const LOCK_HOLDER: Role = Role("lan-lock-holder");
