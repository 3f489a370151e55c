//! Checks that the lines of a scenario are consistent in their order: which actors exist, which
//! nodes are open, and which actors can run a step. It reports only problems that are certain from
//! the text. The model decides everything that depends on a refusal.

mod cast;
mod files;
mod nodes;
mod walk;

use std::collections::{HashMap, HashSet};

use miette::SourceSpan;

use self::cast::{Cast, Life, MOST_ACTORS, Table};
use self::walk::{Event, walk};
use super::draft::{Broken, Draft, EntrySpans, Spans};
use super::head::Head;
use super::{HeldStatement, Step, word};
use crate::text::Problems;
use imglock_core::{Action, Backend, LockOwner, Outcome};

/// Checks the complete scenario.
pub(super) fn check(drafts: &[Draft], head: &Head, problems: &mut Problems) {
    let mut story = Story {
        cast: Cast::of(drafts),
        backends: &head.backends,
        images: head.images.iter().map(|image| image.name.clone()).collect(),
        lives: HashMap::new(),
        tables: Vec::new(),
        premature: HashSet::new(),
        problems,
    };
    walk(drafts, &mut |event| match event {
        Event::Step(step, spans, together) => story.step(&step, spans, together),
        Event::Held(statement, spans) => story.held(&statement, spans),
        Event::Broken(broken) => story.broken(&broken),
    });
}

struct Story<'s> {
    cast: Cast,
    backends: &'s [Backend],
    images: HashSet<String>,
    lives: HashMap<String, Life>,
    tables: Vec<Table>,
    /// The actors that were used before they were made. Each is reported once.
    premature: HashSet<String>,
    problems: &'s mut Problems,
}

impl Story<'_> {
    fn step(&mut self, step: &Step, spans: &Spans, together: bool) {
        self.owners(step, spans);
        if step.action.is_hosts() {
            return self.host(&step.action, spans);
        }
        let Some(life) = self.enter(&step.actor, spans.actor) else {
            return;
        };
        if !self.free_to(&step.actor, &life, &step.action, spans.verb) {
            return;
        }
        self.nodes(step, &life, spans, together);
        self.follow(step, life, spans);
    }

    /// The actor, if it exists at this point; otherwise reports a problem.
    fn enter(&mut self, name: &str, span: SourceSpan) -> Option<Life> {
        if let Some(life) = self.lives.get(name) {
            let Some(line) = life.gone else {
                return Some(life.clone());
            };
            self.problems.add(
                span,
                "has ended",
                format!("`{name}` ended on line {line}"),
                "move this step before that line, or use another process",
            );
            return None;
        }
        if self.cast.made.contains(name) && !self.cast.doubtful.contains(name) {
            if !self.premature.insert(name.to_owned()) {
                return None;
            }
            self.problems.add(
                span,
                "does not exist yet",
                format!("`{name}` is used before the `fork` or `thread` that makes it"),
                "move this step after that line, or give the new actor another name",
            );
            return None;
        }
        let life = Life::new(self.new_table(Table::default()));
        self.born(name, life.clone(), span);
        Some(life)
    }

    fn new_table(&mut self, table: Table) -> usize {
        self.tables.push(table);
        self.tables.len() - 1
    }

    fn born(&mut self, name: &str, life: Life, span: SourceSpan) {
        self.lives.insert(name.to_owned(), life);
        if self.lives.len() > MOST_ACTORS {
            self.problems.add(
                span,
                "too many processes",
                format!("the scenario has more than {MOST_ACTORS} processes"),
                "use fewer rounds or fewer processes",
            );
        }
    }

    /// Returns whether the actor can run this action in its current state; otherwise reports a problem.
    fn free_to(&mut self, name: &str, life: &Life, action: &Action, span: SourceSpan) -> bool {
        let always = matches!(action, Action::Continue | Action::Kill | Action::Signal);
        if life.stopped && !always {
            self.problems.add(
                span,
                "while stopped",
                format!("`{name}` is stopped and cannot run this step"),
                "resume it first with `continue`; a stopped process accepts only `continue`, \
                 `kill` and `signal`",
            );
            return false;
        }
        let Some(state) = life.waits.as_ref().filter(|_| !always) else {
            return true;
        };
        if matches!(action, Action::Await | Action::Stop) {
            return true;
        }
        self.problems.add(
            span,
            format!("while {state}"),
            format!("`{name}` is still {state} in an earlier step"),
            format!(
                "`{name} await` waits for the end of that step; until then `{name}` accepts only \
                 `await`, `kill`, `signal`, `stop` and `continue`"
            ),
        );
        false
    }

    /// Applies the step to its actor, and adds the actor that it makes.
    fn follow(&mut self, step: &Step, mut life: Life, spans: &Spans) {
        match &step.action {
            Action::Fork { child } | Action::Thread { name: child } => {
                if self.lives.contains_key(child) {
                    self.problems.add(
                        spans.object,
                        "taken",
                        format!("an actor `{child}` already exists"),
                        "choose another name; in a `repeat ... as=n` a name such as `child$n` is \
                         new in every round",
                    );
                } else {
                    let table = match step.action {
                        Action::Fork { .. } => self.new_table(self.tables[life.table].clone()),
                        _ => life.table,
                    };
                    self.born(child, Life::new(table), spans.object);
                }
            }
            Action::Exec => {
                // The remaining nodes depend on `cloexec`.
                let mut table = self.tables[life.table].clone();
                table.0.values_mut().for_each(|sure| *sure = false);
                life.table = self.new_table(table);
            }
            Action::Exit | Action::Kill => life.gone = Some(step.line),
            Action::Stop => life.stopped = true,
            Action::Continue => life.stopped = false,
            Action::Await => {
                if !life.could_wait {
                    self.problems.add(
                        spans.verb,
                        "nothing to wait for",
                        format!("`{}` has no step that can be blocked or paused", step.actor),
                        "an earlier `lock` with `wait=#true` can be blocked, and an earlier `open` or \
                         `set` with `pause-after` can be paused",
                    );
                }
                life.waits = self.waits(step);
            }
            action => {
                life.could_wait |= can_wait(action);
                life.waits = life.waits.or(self.waits(step));
            }
        }
        self.lives.insert(step.actor.clone(), life);
    }

    /// `blocked` or `paused`, if the file expects it on every backend.
    fn waits(&self, step: &Step) -> Option<String> {
        let waiting = |backend: &Backend| {
            matches!(step.expect.on(*backend), Some(Outcome::Blocked | Outcome::Paused))
        };
        let first = step.expect.on(*self.backends.first()?)?;
        self.backends.iter().all(waiting).then(|| first.to_string())
    }

    /// Reports an expected lock owner that is not in the scenario.
    fn owners(&mut self, step: &Step, spans: &Spans) {
        for (backend, outcome) in &step.expect.0 {
            if let Outcome::Held { owner: LockOwner::Actor(name), .. } = outcome
                && let Some(span) = spans.expect.get(backend)
                && !self.cast.knows(name)
            {
                self.stranger(name, *span);
            }
        }
    }

    fn held(&mut self, statement: &HeldStatement, spans: &[EntrySpans]) {
        for (entry, span) in statement.entries.iter().zip(spans) {
            let actor = &entry.node.actor;
            if !self.cast.knows(actor) {
                self.stranger(actor, span.actor);
                continue;
            }
            // An actor that has ended may have left a lock behind.
            let table = match self.lives.get(actor) {
                Some(life) => Some(life.table),
                None => self.enter(actor, span.actor).map(|life| life.table),
            };
            let holds = !entry.locks.is_empty() || !entry.waiting.is_empty();
            if let Some(table) = table.filter(|_| holds) {
                self.opened(actor, &entry.node.node, table, span.node);
            }
        }
    }

    fn stranger(&mut self, name: &str, span: SourceSpan) {
        let mut known: Vec<&str> =
            self.cast.named.union(&self.cast.made).map(String::as_str).collect();
        known.retain(|name| *name != "host");
        known.sort_unstable();
        self.problems.add(
            span,
            "unknown process",
            format!("there is no process `{name}` in this scenario"),
            word::advice(name, &known),
        );
    }

    /// After a broken line, nothing is certain about the names in it.
    fn broken(&mut self, broken: &Broken) {
        if let Some(life) = self.lives.get_mut(&broken.actor) {
            life.stopped = false;
            life.waits = None;
            life.could_wait = true;
        }
        for table in &mut self.tables {
            for word in &broken.words {
                if let Some(sure) = table.0.get_mut(word) {
                    *sure = false;
                }
            }
        }
    }
}

/// Returns whether a step can be `blocked` or `paused`.
fn can_wait(action: &Action) -> bool {
    match action {
        Action::Lock { wait, .. } => *wait,
        Action::Set { pause_after, .. } => pause_after.is_some(),
        Action::Open { options, .. } => options.pause_after.is_some(),
        _ => false,
    }
}
