use imglock_locks::SurveyError;

use super::Failure;
use crate::exit::ExitCode;

impl Failure {
    /// The exit code of the command.
    pub fn exit(&self) -> ExitCode {
        match self {
            Failure::NoMatch { .. }
            | Failure::NoFault { .. }
            | Failure::EmptyFolder { .. }
            | Failure::NoBackend { .. }
            | Failure::NoFileSystem { .. }
            | Failure::NoCases
            | Failure::EmptyShard
            | Failure::NoPairs
            | Failure::NoScenarios => ExitCode::NothingSelected,
            #[cfg(feature = "vm")]
            Failure::NotInAGuest(_) | Failure::Kernel(_) => ExitCode::Usage,
            #[cfg(feature = "vm")]
            Failure::Payload(_) => ExitCode::Environment,
            #[cfg(not(feature = "vm"))]
            Failure::NoVm => ExitCode::Usage,
            Failure::Invalid(_)
            | Failure::Unreadable { .. }
            | Failure::History(_)
            | Failure::NoReport { .. }
            | Failure::Report { .. }
            | Failure::ClaimsOfQemu
            | Failure::NotResumed { .. }
            | Failure::SameReport { .. }
            | Failure::SaveMany { .. }
            | Failure::Unwritable { .. }
            | Failure::SeveralHistories { .. }
            | Failure::NoQemu { .. }
            | Failure::Survey(SurveyError::Image { .. } | SurveyError::NotAnImage { .. })
            | Failure::NoCommand(_) => ExitCode::Usage,
            Failure::Harness(_)
            | Failure::Race(_)
            | Failure::Site(_)
            | Failure::Handover(_)
            | Failure::Probe(_)
            | Failure::Incomplete { .. }
            | Failure::NothingRan
            | Failure::NoFaultTried
            | Failure::NothingToMix
            | Failure::NoPlayer { .. }
            | Failure::NotTried { .. }
            | Failure::NoMatrix
            | Failure::Survey(_)
            | Failure::Signals(_)
            | Failure::Output(_) => ExitCode::Environment,
            Failure::Hold(failure) => failure.exit(),
            Failure::Interrupted => ExitCode::Interrupted,
        }
    }
}
