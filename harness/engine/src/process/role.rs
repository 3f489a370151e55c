//! The parts that a re-executed command can have.

/// The environment variable that tells a re-executed command its part.
pub const ROLE: &str = "IMGLOCK_ROLE";
/// The environment variable that tells a re-executed worker what is wrong
/// with it.
pub(super) const FAULT: &str = "IMGLOCK_FAULT";
/// [`ROLE`] of the launcher.
pub(super) const LAUNCHER: &str = "launcher";
/// [`ROLE`] of a worker that has just executed itself anew.
pub(super) const WORKER: &str = "worker";
