use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Expectation, HeldStatement, ImageDeclaration};
use imglock_core::{Action, Backend, FileSystem, Hazard, ScenarioName};

/// A scenario: its description, its requirements and its steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// `theme/file-stem` for an embedded scenario, the path as given for a file of a user.
    pub name: ScenarioName,
    /// One line that states the result.
    pub summary: String,
    /// A few paragraphs that explain the reason, separated by blank lines.
    pub about: String,
    /// The backends on which the scenario runs.
    pub backends: Vec<Backend>,
    /// The file systems on which the scenario runs. Empty means any file system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_systems: Vec<FileSystem>,
    /// The hazards that the scenario shows, by backend.
    pub hazards: BTreeMap<Backend, BTreeSet<Hazard>>,
    /// The images that exist at the start. Never empty.
    pub images: Vec<ImageDeclaration>,
    /// The lines of the body, in order.
    pub items: Vec<Item>,
}

impl Scenario {
    /// Returns whether the scenario is intended for `file_system`. `None` stands for an existing
    /// directory with an unknown file system.
    pub fn makes_sense_on(&self, file_system: Option<FileSystem>) -> bool {
        self.file_systems.is_empty()
            || file_system.is_some_and(|here| self.file_systems.contains(&here))
    }

    /// Returns whether the scenario is intended for a lock server that is not notified of a close, so
    /// that OFD locks stay. The model and the contract then expect this. Every other scenario is judged
    /// by the correct behaviour.
    pub fn loses_sight_of_ofd(&self) -> bool {
        self.file_systems == [FileSystem::FuseLocks]
    }

    /// Returns whether the scenario mounts a file system, which needs root.
    pub fn mounts(&self) -> bool {
        any_mounts(&self.items)
    }
}

fn any_mounts(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Step(step) => step.action.mounts(),
        Item::Repeat { items, .. } => any_mounts(items),
        // Verbs of the host are not allowed in `together`.
        Item::Together(_) | Item::Held(_) => false,
    })
}

/// One entry of the body of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// A single step.
    Step(Step),
    /// The expected lock table of the kernel at this point.
    Held(HeldStatement),
    /// Steps that start at the same moment, each by another actor.
    Together(Block),
    /// Items that run several times.
    Repeat {
        /// The number of rounds.
        count: u32,
        /// The word `N` of `$N`, which stands for the number of the round (from 1) in the names inside.
        counter: Option<String>,
        /// The repeated items.
        items: Vec<Item>,
    },
}

/// The steps of a `together` block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// The line of `together` in the file, from 1.
    pub line: usize,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// One step: an actor, an action and the expected outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The actor; `host` for file actions.
    pub actor: String,
    /// The action.
    pub action: Action,
    /// The outcome that the file expects.
    pub expect: Expectation,
    /// The line of the step in the file, from 1.
    pub line: usize,
}
