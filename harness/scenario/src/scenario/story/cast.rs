use std::collections::{HashMap, HashSet};

use super::walk::{Event, walk};
use crate::scenario::draft::Draft;
use imglock_core::Action;

/// How many processes and threads a scenario may have.
pub(super) const MOST_ACTORS: usize = 20_000;

/// Every name that the whole story mentions.
#[derive(Debug, Default)]
pub(super) struct Cast {
    /// Who does something or is sent something.
    pub named: HashSet<String>,
    /// Who is made by `fork` or `thread`.
    pub made: HashSet<String>,
    /// Words of lines that were not understood: each may be anything.
    pub doubtful: HashSet<String>,
}

impl Cast {
    /// Reads the whole story once.
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

    /// Whether somebody of this name takes part.
    pub fn knows(&self, name: &str) -> bool {
        [&self.named, &self.made, &self.doubtful].iter().any(|set| set.contains(name))
    }
}

/// Most names are there already, and need no copy.
fn insert(names: &mut HashSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

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
    pub waits: Option<String>,
    /// Whether it ever did a step that could be so.
    pub could_wait: bool,
}

impl Life {
    /// An actor at its beginning.
    pub fn new(table: usize) -> Life {
        Life { table, gone: None, stopped: false, waits: None, could_wait: false }
    }
}

/// The nodes of a descriptor table, by name: whether each is certainly open.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(pub HashMap<String, bool>);
