use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Expectation, HeldStatement, ImageDeclaration};
use imglock_core::Backend;
use imglock_core::{Action, FileSystem, Hazard};

/// One scenario: its story, what it needs, and its steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// `theme/file-stem` for an embedded one, the path as given for a user's.
    pub name: String,
    /// One line that says what happens.
    pub summary: String,
    /// A few paragraphs that teach why; paragraphs are parted by blank lines.
    pub about: String,
    /// The backends it makes sense on.
    pub backends: Vec<Backend>,
    /// The file systems it makes sense on; empty when it does on any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_systems: Vec<FileSystem>,
    /// The hazards it shows, by backend.
    pub hazards: BTreeMap<Backend, BTreeSet<Hazard>>,
    /// The images that exist when it starts; never empty.
    pub images: Vec<ImageDeclaration>,
    /// Its lines, in order.
    pub items: Vec<Item>,
}

impl Scenario {
    /// Whether it is meant to be run on `file_system`; `None` stands for a
    /// directory that was there before, of which nothing is known.
    pub fn makes_sense_on(&self, file_system: Option<FileSystem>) -> bool {
        self.file_systems.is_empty()
            || file_system.is_some_and(|here| self.file_systems.contains(&here))
    }

    /// Whether it is meant for where nobody says that the file of an OFD lock
    /// is closed, so that the lock stays. Model and contract go by that, then.
    /// Every other scenario is judged by what ought to be.
    pub fn loses_sight_of_ofd(&self) -> bool {
        self.file_systems == [FileSystem::FuseLocks]
    }

    /// Whether something is mounted in it, which takes root.
    pub fn mounts(&self) -> bool {
        any_mounts(&self.items)
    }
}

fn any_mounts(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Step(step) => step.action.mounts(),
        Item::Repeat { items, .. } => any_mounts(items),
        // The host's verbs cannot stand in `together`.
        Item::Together(_) | Item::Held(_) => false,
    })
}

/// One entry of a scenario's body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// A single step.
    Step(Step),
    /// What the kernel's lock table must say at this point.
    Held(HeldStatement),
    /// Steps that start at the same moment, each by another actor.
    Together(Block),
    /// Items that are run several times over.
    Repeat {
        /// How many times.
        count: u32,
        /// The word `N` of `$N`, which stands for the round (from 1) in the
        /// names inside.
        counter: Option<String>,
        /// What is repeated.
        items: Vec<Item>,
    },
}

/// The steps of a `together`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// The line of `together` in the file, from 1.
    pub line: usize,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One line: who does what, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The actor; `host` for file actions.
    pub actor: String,
    /// What it does.
    pub action: Action,
    /// What the file says must come of it.
    pub expect: Expectation,
    /// Its line in the file, from 1.
    pub line: usize,
}
