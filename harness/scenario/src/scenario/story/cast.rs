use std::collections::{HashMap, HashSet};

use super::walk::{Event, walk};
use crate::scenario::draft::Draft;
use imglock_core::Action;

/// The maximum number of processes and threads of a scenario.
pub(super) const MOST_ACTORS: usize = 20_000;

/// All names in the scenario.
#[derive(Debug, Default)]
pub(super) struct Cast {
    /// The actors of steps, and the receivers of descriptors.
    pub named: HashSet<String>,
    /// The actors made by `fork` or `thread`.
    pub made: HashSet<String>,
    /// The words of lines that were not understood. Each may be a name.
    pub doubtful: HashSet<String>,
}

impl Cast {
    /// Reads the complete scenario once.
    pub fn of(drafts: &[Draft]) -> Cast {
        let mut cast = Cast::default();
        walk(drafts, &mut |event| match event {
            Event::Step(step, ..) => {
                match &step.action {
                    Action::Fork { child: name } | Action::Thread { name }
                        if *name != step.actor =>
                    {
                        insert(&mut cast.made, name);
                    }
                    Action::Send { to, .. } => insert(&mut cast.named, to),
                    _ => {}
                }
                insert(&mut cast.named, &step.actor);
            }
            Event::Broken(broken) => {
                cast.doubtful.insert(broken.actor);
                cast.doubtful.extend(broken.words);
            }
            Event::Held(..) => {}
        });
        cast
    }

    /// Returns whether an actor of this name takes part.
    pub fn knows(&self, name: &str) -> bool {
        [&self.named, &self.made, &self.doubtful].iter().any(|set| set.contains(name))
    }
}

/// Most names are already known and need no copy.
fn insert(names: &mut HashSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

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
    pub waits: Option<String>,
    /// Whether any of its steps can have such an outcome.
    pub could_wait: bool,
}

impl Life {
    /// An actor at its start.
    pub fn new(table: usize) -> Life {
        Life { table, gone: None, stopped: false, waits: None, could_wait: false }
    }
}

/// The nodes of a descriptor table, by name. The value states whether the node is certainly open.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(pub HashMap<String, bool>);
