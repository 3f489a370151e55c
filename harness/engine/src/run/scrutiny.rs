/// The checks that a run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrutiny {
    /// Every judge checks, including the lock table. The first failure ends the
    /// run.
    Full,
    /// As `Full`, for a scenario that declares no hazards. Every known hazard
    /// is allowed, and none is required.
    Undeclared,
    /// Only the scenario file's expectations are compared. The lock table is
    /// read at `held` alone, and a failure does not end the run. This is for a
    /// kernel or a file system that may hide its locks or support none.
    Expectations,
}

impl Scrutiny {
    /// Whether model and contract check the run.
    pub(super) fn asks_every_judge(self) -> bool {
        self != Scrutiny::Expectations
    }
}
