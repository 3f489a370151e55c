/// How closely a run is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scrutiny {
    /// Every judge looks, at the lock table too, and the first fault ends the
    /// run.
    Full,
    /// Only what the scenario's file expects is compared, the lock table is
    /// read at `held` alone, and a fault ends nothing: for a kernel or a file
    /// system that is not trusted to show its locks, or to have any.
    Expectations,
}
