/// The exit code of the command, for scripts and CI.
///
/// It is never a count of failures, and never success if nothing was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Everything was as expected. For `holders`: every image is free, or the
    /// mode given with `--for` would be granted.
    AsExpected,
    /// A check failed: a scenario failed or timed out, the kernel's mode table
    /// differs, locks misbehave, a history is invalid or its verdict unknown, a
    /// planted fault was not found, or a run broke since an earlier report. For
    /// `holders`: an image is in use, or the mode given with `--for` would be
    /// refused.
    Failed,
    /// Wrong usage, an invalid scenario, or an image that cannot be opened or
    /// examined.
    Usage,
    /// Nothing was selected.
    NothingSelected,
    /// imglock cannot run in this environment. For `holders`: it is not known
    /// whether an image is in use.
    Environment,
    /// `hold`: COMMAND cannot be executed; the number is that of env(1).
    NotExecutable,
    /// `hold`: COMMAND was not found; the number is that of env(1).
    NotFound,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
    /// `hold`: the image is in use; 1, or the number given with
    /// `--conflict-exit-code`.
    Refused(u8),
    /// `hold`: the exit code of COMMAND, or 128 + N if signal N ended it.
    OfCommand(u8),
}

impl ExitCode {
    /// The exit codes with a fixed number, in ascending order.
    /// [`ExitCode::OF_HOLD`] describes the others.
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

    /// The help line for the numbers of `hold` that are not fixed.
    pub const OF_HOLD: &str =
        "`hold`: the exit code of COMMAND; --conflict-exit-code if the image is in use";

    /// The number that the shell receives.
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
                "everything was as expected; for `holders`: free, or it would be granted"
            }
            ExitCode::Failed => {
                "a scenario failed or locks misbehave; for `holders` and `hold`: the image is in use"
            }
            ExitCode::Usage => {
                "wrong usage, an invalid scenario, or an image that cannot be opened"
            }
            ExitCode::NothingSelected => "nothing was selected",
            ExitCode::Environment => {
                "imglock cannot run here: no locks, no place, no program; for `holders`: unknown"
            }
            ExitCode::NotExecutable => "`hold`: COMMAND cannot be executed",
            ExitCode::NotFound => "`hold`: COMMAND was not found",
            ExitCode::Interrupted => {
                "stopped by Ctrl-C or SIGTERM; the results so far are summarised"
            }
            ExitCode::Refused(_) => "`hold`: the image is in use by another process",
            ExitCode::OfCommand(_) => "`hold`: the exit code of COMMAND",
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
    fn numbers_are_distinct_and_ascending() {
        let numbers: Vec<u8> = ExitCode::ALL.into_iter().map(ExitCode::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
