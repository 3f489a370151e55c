/// How closely a run is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrutiny {
    /// Every judge looks, at the lock table too, and the first fault ends the
    /// run.
    Full,
    /// As closely, but nobody has declared anything: every hazard that has a
    /// name may happen, and none has to.
    Undeclared,
    /// Only what the scenario's file expects is compared, the lock table is
    /// read at `held` alone, and a fault ends nothing: for a kernel or a file
    /// system that is not trusted to show its locks, or to have any.
    Expectations,
}

impl Scrutiny {
    /// Whether model and contract are asked.
    pub(super) fn asks_every_judge(self) -> bool {
        self != Scrutiny::Expectations
    }
}
