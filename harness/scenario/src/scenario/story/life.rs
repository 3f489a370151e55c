use std::collections::BTreeMap;

use imglock_core::Outcome;

/// How many processes and threads a scenario may have.
pub(super) const MOST_ACTORS: usize = 20_000;

/// One actor, as far as the text tells.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// Its descriptor table, shared with its threads.
    pub table: usize,
    /// The line on which it ended.
    pub gone: Option<usize>,
    /// Whether it is stopped by a signal.
    pub stopped: bool,
    /// `blocked` or `paused` when its last step is certainly so.
    pub waits: Option<Outcome>,
    /// Whether it ever did a step that could be so.
    pub could_wait: bool,
}

impl Life {
    /// An actor at its beginning.
    pub fn new(table: usize) -> Life {
        Life { table, gone: None, stopped: false, waits: None, could_wait: false }
    }
}

/// The nodes that a descriptor table ever had, by name: whether each is
/// certainly open.
pub(super) type Table = BTreeMap<String, bool>;
