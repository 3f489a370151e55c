/// How the command ends, for scripts and CI.
///
/// Never a count of failures, and never success when nothing was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything was as expected; no image is locked; the mode asked for would
    /// be granted.
    AsExpected,
    /// A scenario failed or timed out, or the kernel's mode table differs; an
    /// image is locked; the mode asked for would be refused.
    Failed,
    /// Wrong usage, an invalid scenario, or a file that cannot be looked at.
    Usage,
    /// Nothing was selected.
    NothingSelected,
    /// This environment cannot run it.
    Environment,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
}

impl ExitCode {
    /// All of them, by rising number.
    pub const ALL: [ExitCode; 6] = [
        ExitCode::AsExpected,
        ExitCode::Failed,
        ExitCode::Usage,
        ExitCode::NothingSelected,
        ExitCode::Environment,
        ExitCode::Interrupted,
    ];

    /// The number the shell sees.
    pub fn number(self) -> u8 {
        match self {
            ExitCode::AsExpected => 0,
            ExitCode::Failed => 1,
            ExitCode::Usage => 2,
            ExitCode::NothingSelected => 3,
            ExitCode::Environment => 4,
            ExitCode::Interrupted => 130,
        }
    }

    /// One line for the help and the manual page.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitCode::AsExpected => {
                "everything was as expected; of holders: not locked, or would be granted"
            }
            ExitCode::Failed => {
                "a scenario failed or timed out, the mode table differs; of holders: locked, or refused"
            }
            ExitCode::Usage => {
                "wrong usage, an invalid scenario, or a file that cannot be looked at"
            }
            ExitCode::NothingSelected => "nothing was selected",
            ExitCode::Environment => {
                "this environment cannot run it: no lock works in DIR, or a part is missing"
            }
            ExitCode::Interrupted => "stopped by Ctrl-C or SIGTERM; what ran is summed up",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(exit: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_rise() {
        let numbers: Vec<u8> = ExitCode::ALL.into_iter().map(ExitCode::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
