/// How the command ends, for scripts and CI.
///
/// Never a count of failures, and never success when nothing was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything was as expected; no image is locked; the mode asked for would
    /// be granted.
    AsExpected,
    /// A scenario failed or timed out, or the kernel's mode table differs;
    /// locks are not as they must be; an image is locked; the mode asked for
    /// would be refused; a history is invalid, or that cannot be known; a
    /// planted fault went unnoticed; something broke since an earlier run.
    Failed,
    /// Wrong usage, an invalid scenario, or an image that cannot be opened or
    /// looked at.
    Usage,
    /// Nothing was selected.
    NothingSelected,
    /// This environment cannot run it.
    Environment,
    /// `hold`: its command cannot be executed, as env(1) has it.
    NotExecutable,
    /// `hold`: its command is not found, as env(1) has it.
    NotFound,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
    /// `hold` was refused: 1, or the number that `--conflict-exit-code` says.
    Refused(u8),
    /// `hold`: what its command ended with; 128 + N when signal N ended it.
    OfCommand(u8),
}

impl ExitCode {
    /// Those with a number of their own, by rising number. What `hold` passes
    /// on or is told to use is in [`ExitCode::OF_HOLD`].
    pub const ALL: [ExitCode; 8] = [
        ExitCode::AsExpected,
        ExitCode::Failed,
        ExitCode::Usage,
        ExitCode::NothingSelected,
        ExitCode::Environment,
        ExitCode::NotExecutable,
        ExitCode::NotFound,
        ExitCode::Interrupted,
    ];

    /// Where the numbers come from that are not fixed, for the help.
    pub const OF_HOLD: &str =
        "`hold` ends as its command does; refused, with 1 or --conflict-exit-code";

    /// The number the shell sees.
    pub fn number(self) -> u8 {
        match self {
            ExitCode::AsExpected => 0,
            ExitCode::Failed => 1,
            ExitCode::Usage => 2,
            ExitCode::NothingSelected => 3,
            ExitCode::Environment => 4,
            ExitCode::NotExecutable => 126,
            ExitCode::NotFound => 127,
            ExitCode::Interrupted => 130,
            ExitCode::Refused(number) | ExitCode::OfCommand(number) => number,
        }
    }

    /// One line for the help and the manual page.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitCode::AsExpected => {
                "everything was as expected; of holders: not locked, or it would be granted"
            }
            ExitCode::Failed => {
                "a scenario failed, modes or locks are not as they must be; of holders, hold: in use"
            }
            ExitCode::Usage => {
                "wrong usage, an invalid scenario, or an image that cannot be opened"
            }
            ExitCode::NothingSelected => "nothing was selected",
            ExitCode::Environment => {
                "this environment cannot run it: no lock works, DIR cannot be used, a part is missing"
            }
            ExitCode::NotExecutable => "hold: the command cannot be executed",
            ExitCode::NotFound => "hold: the command is not found",
            ExitCode::Interrupted => "stopped by Ctrl-C or SIGTERM; what ran is summed up",
            ExitCode::Refused(_) => "hold: another process uses the image",
            ExitCode::OfCommand(_) => "hold: the command ended so",
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
