//! The rules of a story: whether the lines of a scenario are consistent in their order. They follow
//! which actors exist, which nodes are open, and which actors can run a step, and report only
//! problems that are certain from the text. The model decides everything that depends on a refusal.
//!
//! [`Story`] contains the rules. `check` applies them to a text and words the messages.

mod cast;
mod check;
mod fault;
mod life;
mod rules;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{HashMap, HashSet};

use self::cast::Cast;
use self::life::{Life, Table};
use super::Step;
use super::draft::Broken;
use imglock_core::{Action, ActionKind, ActionNames, Backend, Outcome};

pub(super) use check::check;

/// A story up to some step.
///
/// ```
/// use imglock_core::{Action, Backend};
/// use imglock_scenario::{Expectation, Step, Story};
///
/// let mut story = Story::new(&[Backend::Ofd], ["disk.img".to_owned()]);
/// assert!(story.admits("vm1", &Action::Kill));
/// let kill = Step {
///     actor: "vm1".to_owned(),
///     action: Action::Kill,
///     expect: Expectation::default(),
///     line: 1,
/// };
/// story.enter(&kill, false);
/// assert!(!story.admits("vm1", &Action::Exit));
/// ```
#[derive(Debug, Clone)]
pub struct Story {
    /// The names in the complete story, where it is known beforehand.
    cast: Cast,
    backends: Vec<Backend>,
    /// Every name that an image ever had.
    images: HashSet<String>,
    lives: HashMap<String, Life>,
    tables: Vec<Table>,
}

impl Story {
    /// A story without steps, for these backends and with these images.
    pub fn new(backends: &[Backend], images: impl IntoIterator<Item = String>) -> Story {
        Story {
            cast: Cast::default(),
            backends: backends.to_vec(),
            images: images.into_iter().collect(),
            lives: HashMap::new(),
            tables: Vec::new(),
        }
    }

    /// Adds a step. Of a step that is not admitted, the story takes the effects that do not depend
    /// on the fault. A step in a `together` block (`together`) succeeds for certain only if that is
    /// its expected outcome.
    pub fn enter(&mut self, step: &Step, together: bool) {
        let names = step.action.names();
        if step.action.is_hosts() {
            self.images.extend(names.given.map(str::to_owned));
            return;
        }
        let Some(table) = self.appear(&step.actor) else { return };
        if self.is_free_for(&step.actor, &step.action) {
            self.note_nodes(step, names, table, together);
            self.note_lives(step, table);
        }
    }

    /// The nodes that the actor has or had, by name.
    pub fn nodes(&self, actor: &str) -> impl Iterator<Item = &str> {
        let table = self.lives.get(actor).map(|life| &self.tables[life.table]);
        table.into_iter().flat_map(|nodes| nodes.keys().map(String::as_str))
    }

    /// Returns whether the actor has exited or was killed.
    pub fn has_ended(&self, actor: &str) -> bool {
        self.lives.get(actor).is_some_and(|life| life.gone.is_some())
    }

    /// Returns whether the actor is stopped by a signal.
    pub fn is_stopped(&self, actor: &str) -> bool {
        self.lives.get(actor).is_some_and(|life| life.stopped)
    }

    /// The descriptor table of an actor, which is added at its first step. Returns `None` if the
    /// actor cannot exist at this point.
    fn appear(&mut self, name: &str) -> Option<usize> {
        if let Some(life) = self.lives.get(name) {
            return life.gone.is_none().then_some(life.table);
        }
        if self.cast.makes_later(name) {
            return None;
        }
        let table = self.new_table(Table::default());
        self.lives.insert(name.to_owned(), Life::new(table));
        Some(table)
    }

    fn new_table(&mut self, table: Table) -> usize {
        self.tables.push(table);
        self.tables.len() - 1
    }

    fn is_free_for(&self, actor: &str, action: &Action) -> bool {
        let kind = action.kind();
        self.lives.get(actor).is_none_or(|life| {
            (!life.stopped || kind.reaches_stopped())
                && (life.waits.is_none() || kind.reaches_waiting())
        })
    }

    /// Applies the step to its node and to the copy of the node.
    fn note_nodes(&mut self, step: &Step, names: ActionNames<'_>, table: usize, together: bool) {
        let Some(node) = names.node else { return };
        if let Action::Open { .. } = step.action {
            let granted = self.says(step, &Outcome::Granted, together);
            self.tables[table].insert(node.to_owned(), granted);
        }
        if let Action::Close { .. } = step.action {
            self.tables[table].insert(node.to_owned(), false);
        }
        let Some(copy) = names.copy else { return };
        let open = self.tables[table].get(node).copied().unwrap_or(false);
        let open = open && self.says(step, &Outcome::Done, together);
        let receiver = match names.receiver {
            None => Some(table),
            Some(to) if to == step.actor => None,
            Some(to) => self.appear(to).filter(|_| self.is_free_for(to, &step.action)),
        };
        if let Some(receiver) = receiver {
            self.tables[receiver].insert(copy.to_owned(), open);
        }
    }

    /// Applies the step to its actor, and adds the actor that it makes.
    fn note_lives(&mut self, step: &Step, table: usize) {
        use ActionKind::*;

        let waits = self.waits(step);
        match &step.action {
            Action::Fork { child } if !self.lives.contains_key(child) => {
                let copy = self.new_table(self.tables[table].clone());
                self.lives.insert(child.clone(), Life::new(copy));
            }
            Action::Thread { name } if !self.lives.contains_key(name) => {
                self.lives.insert(name.clone(), Life::new(table));
            }
            _ => {}
        }
        let left = matches!(step.action, Action::Exec).then(|| {
            // The remaining nodes depend on `cloexec`.
            let nodes = self.tables[table].keys().map(|node| (node.clone(), false));
            let nodes = nodes.collect();
            self.new_table(nodes)
        });
        let Some(life) = self.lives.get_mut(&step.actor) else { return };
        life.could_wait |= step.action.can_wait();
        match step.action.kind() {
            Exec => life.table = left.unwrap_or(table),
            Exit | Kill => life.gone = Some(step.line),
            Stop => life.stopped = true,
            Continue => life.stopped = false,
            Await => life.waits = waits,
            Open | Close | Reopen | Set | Inactivate | Activate | Read | Write | Seek | Dup
            | Send | Lock | Unlock | Test | Signal => life.waits = life.waits.take().or(waits),
            Fork | Thread | Create | HardLink | Symlink | Rename | Unlink | Bind | Overlay => {}
        }
    }

    /// Returns whether the step certainly has this outcome.
    fn says(&self, step: &Step, wanted: &Outcome, together: bool) -> bool {
        self.backends.iter().all(|backend| match step.expect.on(*backend) {
            Some(outcome) => outcome == wanted,
            None => !together,
        })
    }

    /// `blocked` or `paused`, if the file expects it on every backend.
    fn waits(&self, step: &Step) -> Option<Outcome> {
        let waiting = |backend: &Backend| {
            matches!(step.expect.on(*backend), Some(Outcome::Blocked | Outcome::Paused))
        };
        let first = step.expect.on(*self.backends.first()?)?;
        self.backends.iter().all(waiting).then(|| first.clone())
    }

    /// After a broken line, nothing is certain about the names in it.
    fn forget(&mut self, broken: &Broken) {
        if let Some(life) = self.lives.get_mut(&broken.actor) {
            life.stopped = false;
            life.waits = None;
            life.could_wait = true;
        }
        for table in &mut self.tables {
            for word in &broken.words {
                if let Some(sure) = table.get_mut(word) {
                    *sure = false;
                }
            }
        }
    }
}
