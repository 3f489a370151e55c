use std::fmt;

use serde::{Deserialize, Serialize};

use imglock_core::Backend;

/// Whether the openers of a case run in a process each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenerProcesses {
    /// One process for each opener.
    Several,
    /// One process for all openers.
    One,
}

/// The conditions under which all cases are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arrangement {
    /// Lock type.
    pub backend: Backend,
    /// The openers' processes.
    pub processes: OpenerProcesses,
}

impl Arrangement {
    /// Both arrangements of processes for each of `backends`.
    pub fn on(backends: &[Backend]) -> Vec<Arrangement> {
        let each = |processes| backends.iter().map(move |backend| (*backend, processes));
        let all = each(OpenerProcesses::Several).chain(each(OpenerProcesses::One));
        all.map(|(backend, processes)| Arrangement { backend, processes }).collect()
    }
}

impl fmt::Display for Arrangement {
    /// `ofd, a process each` or `posix, one process`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processes = match self.processes {
            OpenerProcesses::Several => "a process each",
            OpenerProcesses::One => "one process",
        };
        f.pad(&format!("{}, {processes}", self.backend))
    }
}
