use std::fmt;
use std::sync::Arc;

use super::cast::{Casted, StepFailure};
use crate::process::Launcher;
use crate::subject::SubjectProgram;
use crate::subject::{Builtin, Player, Stage, Subject};
use imglock_core::{Action, Backend};
use imglock_scenario::{Item, Scenario};

/// Which subject plays which process of a scenario.
#[derive(Debug, Clone)]
pub struct Casting {
    /// The subjects in turn: the first plays the first process. After the last
    /// subject the list starts again.
    subjects: Vec<Arc<dyn Subject>>,
}

impl Default for Casting {
    /// Builtin workers play every process.
    fn default() -> Casting {
        Casting::all(Arc::new(Builtin))
    }
}

impl fmt::Display for Casting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.subjects.iter().map(|subject| subject.name()).collect();
        f.pad(&names.join("+"))
    }
}

impl Casting {
    /// One subject plays every process.
    pub fn all(subject: Arc<dyn Subject>) -> Casting {
        Casting { subjects: vec![subject] }
    }

    /// The subjects play the processes in turn: the first plays the first
    /// process, and after the last the list starts again. An empty list means
    /// builtin workers.
    pub fn new(subjects: Vec<Arc<dyn Subject>>) -> Casting {
        if subjects.is_empty() { Casting::default() } else { Casting { subjects } }
    }

    /// The external programs among the subjects (builtin workers have none).
    pub fn programs(&self) -> impl Iterator<Item = SubjectProgram> {
        self.subjects.iter().filter_map(|subject| subject.program())
    }

    /// All subjects.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = &dyn Subject> {
        self.subjects.iter().map(AsRef::as_ref)
    }

    /// The subject of the process with this index.
    pub(crate) fn of(&self, index: usize) -> &dyn Subject {
        self.subjects[index % self.subjects.len()].as_ref()
    }

    /// Why one of the subjects cannot play its processes. Returns `None` when
    /// no subject reports an unsupported action before the run.
    pub fn inability(&self, scenario: &Scenario, backend: Backend) -> Option<String> {
        let actors = scenario.actors();
        let part = |actor: &str, action: &Action| {
            let index = actors.iter().position(|name| name == actor)?;
            let subject = self.of(index);
            let why = subject.can(action, backend).err()?;
            Some(reason(subject.name(), &why))
        };
        inability_in(&scenario.items, &part)
    }

    /// Starts a process for each actor.
    pub(super) fn start(
        &self,
        launcher: &mut Launcher,
        actors: Vec<String>,
        stage: &Stage<'_>,
    ) -> Result<Vec<Casted>, StepFailure> {
        let mut places: Vec<Option<Box<dyn Player>>> = actors.iter().map(|_| None).collect();
        for (number, subject) in self.subjects.iter().enumerate() {
            let mine = (number..actors.len()).step_by(self.subjects.len());
            let names: Vec<String> = mine.clone().map(|index| actors[index].clone()).collect();
            let players = subject.start(launcher, &names, stage)?;
            for (index, player) in mine.zip(players) {
                places[index] = Some(player);
            }
        }
        let casted = actors.into_iter().zip(places).enumerate().map(|(index, (actor, player))| {
            let subject = self.of(index).name().to_owned();
            let nobody = || StepFailure::harness(format!("no subject plays {actor}"));
            Ok(Casted { player: player.ok_or_else(nobody)?, actor, subject })
        });
        casted.collect()
    }
}

/// The reason for a skip: the subject, and the action it does not support.
pub(super) fn reason(subject: &str, why: &str) -> String {
    format!("{subject} {why}")
}

fn inability_in(items: &[Item], part: &dyn Fn(&str, &Action) -> Option<String>) -> Option<String> {
    items.iter().find_map(|item| match item {
        Item::Step(step) => part(&step.actor, &step.action),
        Item::Together(block) => {
            block.steps.iter().find_map(|step| part(&step.actor, &step.action))
        }
        Item::Repeat { items, .. } => inability_in(items, part),
        Item::Held(_) => None,
    })
}
