use std::collections::BTreeMap;

use imglock_core::Outcome;

/// The maximum number of processes and threads of a scenario.
pub(super) const MOST_ACTORS: usize = 20_000;

/// The state of one actor, as far as the text determines it.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// Its descriptor table, shared with its threads.
    pub table: usize,
    /// The line on which it ended.
    pub gone: Option<usize>,
    /// Whether it is stopped by a signal.
    pub stopped: bool,
    /// `blocked` or `paused` if its last step certainly has this outcome.
    pub waits: Option<Outcome>,
    /// Whether any of its steps can have such an outcome.
    pub could_wait: bool,
}

impl Life {
    /// An actor at its start.
    pub fn new(table: usize) -> Life {
        Life { table, gone: None, stopped: false, waits: None, could_wait: false }
    }
}

/// The nodes that a descriptor table ever had, by name: whether each is
/// certainly open.
pub(super) type Table = BTreeMap<String, bool>;
