use std::fmt;
use std::sync::Arc;

use super::cast::StepFailure;
use super::runner::Casted;
use crate::process::Launcher;
use crate::subject::SubjectProgram;
use crate::subject::{Builtin, Player, Stage, Subject};
use imglock_core::Action;
use imglock_core::Backend;
use imglock_scenario::{Item, Scenario};

/// Who plays which process of a scenario.
#[derive(Debug, Clone)]
pub struct Casting {
    /// The first plays the first process, and so on, over and over.
    subjects: Vec<Arc<dyn Subject>>,
}

impl Default for Casting {
    /// Our own workers play everybody.
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
    /// One subject plays everybody.
    pub fn all(subject: Arc<dyn Subject>) -> Casting {
        Casting { subjects: vec![subject] }
    }

    /// The first plays the first process, and so on, over and over; our own
    /// workers play where nobody is named.
    pub fn new(subjects: Vec<Arc<dyn Subject>>) -> Casting {
        if subjects.is_empty() { Casting::default() } else { Casting { subjects } }
    }

    /// The programs that play besides our own workers.
    pub fn programs(&self) -> impl Iterator<Item = SubjectProgram> {
        self.subjects.iter().filter_map(|subject| subject.program())
    }

    /// Everybody who plays.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = &dyn Subject> {
        self.subjects.iter().map(AsRef::as_ref)
    }

    /// Who plays the process with this index.
    pub(crate) fn of(&self, index: usize) -> &dyn Subject {
        self.subjects[index % self.subjects.len()].as_ref()
    }

    /// Why somebody in it cannot play a part; `None` when all can, as far as
    /// can be told beforehand.
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
            let nobody = || StepFailure::harness(format!("nobody plays {actor}"));
            Ok(Casted { player: player.ok_or_else(nobody)?, actor, subject })
        });
        casted.collect()
    }
}

/// Why something is skipped that a subject cannot do.
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
