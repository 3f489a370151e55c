use std::fmt;

use serde::{Deserialize, Serialize};

use imglock_core::Backend;

/// Whether the openers of a case have a process each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenerProcesses {
    /// Each opener has one of its own.
    Several,
    /// All of them are in one.
    One,
}

/// Under which circumstances all cases are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arrangement {
    /// On which locks.
    pub backend: Backend,
    /// In how many processes.
    pub processes: OpenerProcesses,
}

impl Arrangement {
    /// Both ways on each of `backends`.
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
