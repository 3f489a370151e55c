use std::time::Duration;

use super::wire::GuestRefusal;
use imglock_engine::ProcessError;

/// The reasons why a guest of a network could not do its part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LanError {
    /// QEMU cannot be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// This machine refuses a part of the network.
    #[error("{what}: {why}")]
    Here {
        /// The action.
        what: String,
        /// The system's error.
        why: String,
    },
    /// A guest has ended, or cannot be understood.
    #[error("guest {guest}, {at}: {why}{}", last_lines(.console))]
    Lost {
        /// The guest's name.
        guest: String,
        /// The request that had no answer.
        at: String,
        /// The reason.
        why: String,
        /// The last lines of its console.
        console: Vec<String>,
    },
    /// A guest did not answer in time.
    #[error("guest {guest}, {at}: nothing within {} s{}", waited.as_secs_f64(), last_lines(.console))]
    Late {
        /// The guest's name.
        guest: String,
        /// The request that had no answer.
        at: String,
        /// The time limit.
        waited: Duration,
        /// The last lines of its console.
        console: Vec<String>,
    },
    /// A guest refused a request.
    #[error("guest {guest}, {at}: {}{}", refusal.why, last_lines(.console))]
    Refused {
        /// The guest's name.
        guest: String,
        /// The request.
        at: String,
        /// The reason.
        refusal: GuestRefusal,
        /// The last lines of its console.
        console: Vec<String>,
    },
}

impl LanError {
    /// The error number of the guest's kernel, if it refused a request.
    pub fn errno(&self) -> Option<i32> {
        match self {
            LanError::Refused { refusal, .. } => refusal.errno,
            _ => None,
        }
    }
}

fn last_lines(console: &[String]) -> String {
    match console {
        [] => String::new(),
        lines => format!("\nthe last lines of its console:\n  {}", lines.join("\n  ")),
    }
}
