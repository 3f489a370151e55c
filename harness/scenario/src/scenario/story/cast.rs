use std::collections::HashSet;

use super::walk::{Event, walk};
use crate::scenario::draft::Draft;

/// All names in the scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct Cast {
    /// Actors that do something or are sent something.
    pub named: HashSet<String>,
    /// Actors that `fork` or `thread` makes.
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
                let names = step.action.names();
                if let Some(child) = names.child.filter(|child| *child != step.actor) {
                    insert(&mut cast.made, child);
                }
                if let Some(receiver) = names.receiver {
                    insert(&mut cast.named, receiver);
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

    /// Whether an actor of this name takes part.
    pub fn knows(&self, name: &str) -> bool {
        [&self.named, &self.made, &self.doubtful].iter().any(|set| set.contains(name))
    }

    /// Whether an actor that was not met yet is certainly made by a later step.
    pub fn makes_later(&self, name: &str) -> bool {
        self.made.contains(name) && !self.doubtful.contains(name)
    }
}

/// Most names are already known and need no copy.
fn insert(names: &mut HashSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}
