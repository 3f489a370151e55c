//! The parts that a re-executed command can have.

/// The environment variable that gives a re-executed command its role.
pub const ROLE: &str = "IMGLOCK_ROLE";
/// The environment variable that gives a re-executed worker its planted fault.
pub(super) const FAULT: &str = "IMGLOCK_FAULT";
/// [`ROLE`] of the launcher.
pub(super) const LAUNCHER: &str = "launcher";
/// [`ROLE`] of a worker that has just re-executed itself.
pub(super) const WORKER: &str = "worker";
