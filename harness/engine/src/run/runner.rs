use std::time::Instant;

use super::books::Books;
use super::cast::{Cast, Casted, StepFailure};
use super::contract::{Contract, Observation, Peer};
use super::finding::{Finding, Judge};
use super::judgement;
use super::perform;
use super::scrutiny::Scrutiny;
use super::snapshot::{Observer, Snapshot};
use super::trace::{Event, EventKind, ProcessEntry, StepEvent, Trace};
use super::{held, simultaneous, waiting};
use crate::subject::Message;
use crate::subject::{Builtin, Performed};
use imglock_core::{Action, Backend, Outcome, TableLock};
use imglock_locks::Visibility;
use imglock_scenario::{Block, HeldStatement, Item, Prediction, Scenario, Step, World};

/// With more nodes than this the table is read only at `held` and at the end.
/// With thousands of lock holders, a reading takes longer than a step.
pub(super) const MOST_NODES_READ: usize = 24;
/// With more nodes than this, OFD locks are not attributed to nodes either.
const MOST_NODES_ASCRIBED: usize = 300;

/// The readings that must confirm a table that differs from the model.
const CONFIRMATIONS: usize = 8;

/// When the lock table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Not after this step: the table would include other steps of the block.
    Later,
    /// Unless so many nodes are open that it takes too long.
    IfSmall,
    /// In any case.
    Always,
}

/// Runs one scenario on one backend with a cast of processes.
pub(super) struct Runner<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) backend: Backend,
    pub(super) cast: Cast,
    pub(super) books: Books,
    pub(super) world: World,
    contract: Contract,
    pub(super) trace: Trace,
    pub(super) findings: Vec<Finding>,
    observer: Observer<'a>,
    began: Instant,
    /// How many blocks of simultaneous steps have begun.
    blocks: usize,
}

/// A reading of the kernel's lock table, with its difference from the model.
struct Reading {
    table: Vec<TableLock>,
    differs: Option<Finding>,
}

/// A step that has ended and is not yet in the trace.
struct Ended<'a> {
    step: &'a Step,
    /// The outcome that the model predicts.
    predicted: Option<Outcome>,
    performed: Result<Performed, StepFailure>,
    start_us: u64,
    together: Option<usize>,
    peers: Vec<Peer>,
}

impl<'a> Runner<'a> {
    /// Makes the images and enters the processes that were started.
    pub(super) fn new(
        scenario: &'a Scenario,
        backend: Backend,
        mut cast: Cast,
        players: Vec<Casted>,
        observer: Observer<'a>,
    ) -> Result<Runner<'a>, StepFailure> {
        let images: Vec<(String, u64)> =
            scenario.images.iter().map(|image| (image.name.clone(), image.size)).collect();
        let mut books = Books::new(backend, images.iter().map(|(name, _)| name.clone()));
        let losing = scenario.loses_sight_of_ofd();
        let mut world = World::new(backend, &images).losing_sight_of_ofd(losing);
        let mut trace = Trace::default();
        for (name, size) in &images {
            cast.make_image(name, *size)?;
            cast.add_image(name)?;
            trace.images.push(name.clone());
        }
        for Casted { actor, subject, player } in players {
            books.spawn(&actor);
            world.spawn(&actor);
            trace.processes.push(ProcessEntry {
                actor: actor.clone(),
                pid: player.pid(),
                parent: None,
                subject,
                printed: String::new(),
            });
            cast.enter(&actor, &actor, player);
        }
        Ok(Runner {
            scenario,
            backend,
            cast,
            books,
            world,
            contract: Contract::losing_sight_of_ofd(losing),
            trace,
            findings: Vec::new(),
            observer,
            began: Instant::now(),
            blocks: 0,
        })
    }

    /// Runs the items in order, until one of them fails.
    pub(super) fn run(&mut self, items: &[Item]) -> Result<(), StepFailure> {
        for (index, item) in items.iter().enumerate() {
            let last = index + 1 == items.len();
            let when = if last { When::Always } else { When::IfSmall };
            match item {
                Item::Step(step) => self.step(step, when)?,
                Item::Together(block) => self.together(block, when)?,
                Item::Held(statement) => self.held(statement)?,
                // `Scenario::unrolled` leaves none.
                Item::Repeat { items, .. } => self.run(items)?,
            }
            if self.is_fully_judged() && self.has_failed() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn is_fully_judged(&self) -> bool {
        self.cast.scrutiny.asks_every_judge()
    }

    /// Whether a judge has found a failure.
    pub(super) fn has_failed(&self) -> bool {
        self.findings.iter().any(Finding::is_failure)
    }

    fn step(&mut self, step: &Step, when: When) -> Result<(), StepFailure> {
        let Step { actor, action, .. } = step;
        let predicted = self.world.predict(actor, action).outcome();
        let start_us = self.now();
        let performed =
            perform::perform(&mut self.cast, &self.books, actor, action, predicted.as_ref());
        let ended =
            Ended { step, predicted, performed, start_us, together: None, peers: Vec::new() };
        self.enter(ended, when)
    }

    /// Carries out the steps of a block at the same moment.
    fn together(&mut self, block: &Block, when: When) -> Result<(), StepFailure> {
        let number = self.blocks;
        self.blocks += 1;
        let Block { steps, .. } = block;
        let actions: Vec<_> = steps.iter().map(|step| (&*step.actor, &step.action)).collect();
        let predictions = self.world.together(&actions);
        let claims: Vec<_> = steps.iter().map(|step| Peer::claims(&self.books, step)).collect();
        let start_us = self.now();
        let performed = simultaneous::perform(&mut self.cast, &self.books, steps)?;
        for (position, (index, performed)) in performed.into_iter().enumerate() {
            let (step, together) = (&steps[index], Some(number));
            let predicted = predictions.get(index).cloned().and_then(Prediction::outcome);
            let others = claims.iter().enumerate().filter(|(other, _)| *other != index);
            let peers = others.flat_map(|(_, claims)| claims.iter().copied()).collect();
            let ended = Ended { step, predicted, performed, start_us, together, peers };
            // The table read after the block belongs to all its entries together.
            self.enter(ended, if position + 1 == steps.len() { when } else { When::Later })?;
        }
        Ok(())
    }

    /// Enters a step into books, model and trace, and runs the judges.
    fn enter(&mut self, ended: Ended<'_>, when: When) -> Result<(), StepFailure> {
        let Ended { step, predicted, performed, start_us, together, peers } = ended;
        let Step { actor, action, .. } = step;
        let end_us = self.now();
        let index = self.trace.events.len();
        // An `await` is entered as the step that it resumes.
        let effective = match action {
            Action::Await => self.books.pending(actor).cloned(),
            _ => None,
        };
        let image = self.books.image_of(actor, action);
        let mut event = StepEvent {
            actor: actor.clone(),
            action: action.clone(),
            outcome: None,
            expected: step.expect.on(self.backend).cloned(),
            predicted,
            warnings: Vec::new(),
            together,
            messages: self.messages(actor),
        };
        let text = format!("{actor} {action}");
        let failure = match performed {
            Ok(performed) => {
                tracing::trace!(line = step.line, step = text, outcome = %performed.outcome);
                self.adopt(actor, action, &performed);
                event.outcome = Some(performed.outcome);
                event.warnings = performed.warnings;
                None
            }
            Err(failure) => Some(failure),
        };
        let due = self.is_fully_judged()
            && self.cast.visibility == Visibility::Shown
            && match when {
                When::Later => false,
                When::IfSmall => !self.books.has_more_nodes_than(MOST_NODES_READ),
                When::Always => true,
            };
        let reading = if due { Some(self.read_table(index)?) } else { None };
        let (table, differs) = match reading {
            Some(Reading { table, differs }) => (Some(table), differs),
            None => (None, None),
        };
        if let Some(outcome) = &event.outcome {
            self.findings.extend(judgement::by_scenario(&event, index));
            if self.is_fully_judged() {
                self.findings.extend(judgement::by_model(&event, index));
                self.findings.extend(differs);
                let (action, table) = (effective.as_ref().unwrap_or(action), table.as_deref());
                let peers = &peers;
                let seen = Observation { actor, action, image, outcome, peers, table };
                self.judge(index, &seen);
            }
        }
        let (line, kind) = (step.line, EventKind::Step(Box::new(event)));
        self.record(Event { line, text, start_us, end_us, kind, table });
        failure.map_or(Ok(()), Err)
    }

    /// The messages between an actor and the harness, if a QEMU plays the
    /// actor. This also updates the record of its standard error, because the
    /// QEMU may print nothing more before it exits.
    fn messages(&mut self, actor: &str) -> Vec<Message> {
        let Ok(player) = self.cast.player(actor) else { return Vec::new() };
        let (pid, printed) = (player.pid(), player.printed());
        let messages = player.take_messages();
        if let Some(entry) = self.trace.processes.iter_mut().find(|entry| entry.pid == pid) {
            entry.printed = printed;
        }
        messages
    }

    /// Enters an event into the trace, and calls the observer.
    fn record(&mut self, event: Event) {
        self.trace.events.push(event);
        (self.observer)(&Snapshot { directory: &self.cast.directory, trace: &self.trace });
    }

    fn adopt(&mut self, actor: &str, action: &Action, performed: &Performed) {
        let Performed { outcome, handle, born, .. } = performed;
        self.books.apply(actor, action, outcome, handle.clone());
        self.world.apply(actor, action, outcome);
        if let (Some(image), Outcome::Done) = (action.new_image(), outcome) {
            self.trace.images.push(image.to_owned());
        }
        if let Action::Exec = action {
            self.cast.name_owners(&self.books);
        }
        if let Some((child, pid)) = born {
            let parent = Some(actor.to_owned());
            self.trace.processes.push(ProcessEntry {
                actor: child.clone(),
                pid: *pid,
                parent,
                subject: Builtin::NAME.to_owned(),
                printed: String::new(),
            });
        }
    }

    /// Runs the contract's check.
    fn judge(&mut self, index: usize, seen: &Observation<'_>) {
        // Without owners the contract cannot attribute the locks.
        let ascribed = seen.table.filter(|_| !self.books.has_more_nodes_than(MOST_NODES_ASCRIBED));
        let seen = Observation { table: ascribed, ..*seen };
        for breach in self.contract.observe(&self.books, &seen) {
            let undeclared = self.cast.scrutiny == Scrutiny::Undeclared;
            let declared = breach.hazard.is_some_and(|hazard| {
                let hazards = self.scenario.hazards.get(&self.backend);
                undeclared || hazards.is_some_and(|set| set.contains(&hazard))
            });
            let finding = judgement::by_contract(breach, index, self.backend, declared);
            self.findings.push(finding);
        }
    }

    fn held(&mut self, statement: &HeldStatement) -> Result<(), StepFailure> {
        if !statement.backends.contains(&self.backend) {
            return Ok(());
        }
        let start_us = self.now();
        let index = self.trace.events.len();
        if self.is_fully_judged() && self.cast.visibility == Visibility::Hidden {
            // The kernel's lock table hides the locks that `held` states.
            return Ok(());
        }
        let Reading { table, differs } = self.read_table(index)?;
        let with_kernel = held::compare(&self.books, statement, &table);
        let with_model = held::compare(&self.books, statement, &self.expected_table());
        for (judge, comparison, side) in
            [(Judge::Scenario, &with_kernel, "kernel"), (Judge::Model, &with_model, "model")]
        {
            let counts = judge == Judge::Scenario || self.is_fully_judged();
            if counts && !comparison.agrees() {
                self.findings.push(Finding {
                    judge,
                    event: Some(index),
                    hazard: None,
                    declared: false,
                    expected: or_nothing(&comparison.stated),
                    actual: or_nothing(&comparison.actual),
                    message: format!("the {side}'s lock table differs from the `held` statement"),
                });
            }
        }
        self.findings.extend(differs);
        let end_us = self.now();
        self.record(Event {
            line: statement.line,
            text: "held".to_owned(),
            start_us,
            end_us,
            kind: EventKind::Held { stated: with_kernel.stated },
            table: Some(table),
        });
        Ok(())
    }

    /// Reads the kernel's lock table.
    ///
    /// While a process waits, or was just woken, the kernel's table may be
    /// briefly behind. Then it is read until it agrees with the model or the
    /// deadline passes. Otherwise locks do not change between two steps, so a
    /// reading that differs from the model must repeat several times.
    fn read_table(&mut self, index: usize) -> Result<Reading, StepFailure> {
        let watched = match self.books.has_more_nodes_than(MOST_NODES_ASCRIBED) {
            true => Vec::new(),
            false => self.cast.watched(&self.books),
        };
        let waiting = self.books.all_pending().any(|(_, step)| matches!(step, Action::Lock { .. }));
        if !self.is_fully_judged() {
            return Ok(Reading { table: self.cast.table.read(&watched)?, differs: None });
        }
        let deadline = self.cast.deadline();
        let model = self.expected_table();
        let mut last = None;
        let mut same = 0;
        loop {
            let table = self.cast.table.read(&watched)?;
            let differs = judgement::tables_differ(&model, &table, index);
            same = if last.as_ref() == Some(&table) { same + 1 } else { 0 };
            if differs.is_none() || (same == CONFIRMATIONS && !waiting) {
                return Ok(Reading { table, differs });
            }
            match waiting::glance(&self.cast, deadline) {
                Err(StepFailure::TimedOut) => return Ok(Reading { table, differs }),
                other => other?,
            }
            last = Some(table);
        }
    }

    fn expected_table(&self) -> Vec<TableLock> {
        let mut table = self.world.locks();
        if self.books.has_more_nodes_than(MOST_NODES_ASCRIBED) {
            for lock in table.iter_mut().filter(|lock| lock.backend == Backend::Ofd) {
                lock.holders.clear();
            }
        }
        table
    }

    /// Microseconds since the run began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

fn or_nothing(lines: &[String]) -> String {
    if lines.is_empty() { "no locks".to_owned() } else { lines.join("; ") }
}
