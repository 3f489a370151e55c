use super::books::Books;
use super::runner::MOST_NODES_READ;
use super::trace::{Event, EventKind, StepEvent, Trace};
use imglock_core::{Action, Backend, Outcome};
use imglock_scenario::{Block, HeldStatement, Item, Prediction, Scenario, Step, World};

/// Plays a scenario in the model alone: no process, no kernel, no file.
///
/// The trace has an event for each line that a run on `backend` would have, in
/// the order of the file, with the outcome and the lock table that the model
/// predicts. It has no processes and no times, and no judge checks it.
///
/// Where the model answers "unknown" (conflicting steps at the same moment),
/// the file's `expect` is used. Without one, that outcome is `None`, and no
/// later event has a predicted outcome or table. As in a run, the table is left
/// out while very many nodes are open.
///
/// ```
/// use imglock_core::Backend;
/// use imglock_engine::rehearse;
/// use imglock_scenario::Scenario;
///
/// let text = r#"
///     summary "An opener comes and goes"
///     about "The close releases its locks."
///     vm1 open disk mode=rw
///     vm1 close disk
/// "#;
/// let trace = rehearse(&Scenario::parse("one", "one.kdl", text)?, Backend::Ofd);
/// let locks = |event: usize| trace.events[event].table.as_ref().map(Vec::len);
/// assert_eq!((locks(0), locks(1)), (Some(2), Some(0)), "100-101 and 201, then nothing");
/// # Ok::<(), imglock_scenario::ScenarioError>(())
/// ```
pub fn rehearse(scenario: &Scenario, backend: Backend) -> Trace {
    let images: Vec<(String, u64)> =
        scenario.images.iter().map(|image| (image.name.clone(), image.size)).collect();
    let mut rehearsal = Rehearsal {
        backend,
        books: Books::new(backend, images.iter().map(|(name, _)| name.clone())),
        world: World::new(backend, &images).losing_sight_of_ofd(scenario.loses_sight_of_ofd()),
        trace: Trace::default(),
        foreseen: true,
        together: 0,
    };
    rehearsal.trace.images = images.into_iter().map(|(name, _)| name).collect();
    for actor in scenario.actors() {
        rehearsal.books.spawn(&actor);
        rehearsal.world.spawn(&actor);
    }
    for item in scenario.unrolled() {
        match &item {
            Item::Step(step) => rehearsal.step(step),
            Item::Together(block) => rehearsal.block(block),
            Item::Held(statement) => rehearsal.held(statement),
            // `Scenario::unrolled` leaves none.
            Item::Repeat { .. } => {}
        }
    }
    rehearsal.trace
}

struct Rehearsal {
    backend: Backend,
    books: Books,
    world: World,
    trace: Trace,
    /// Whether every outcome so far was predicted.
    foreseen: bool,
    together: usize,
}

impl Rehearsal {
    fn step(&mut self, step: &Step) {
        let predicted = self.world.predict(&step.actor, &step.action);
        self.enter(&[step], vec![predicted], None);
    }

    fn block(&mut self, block: &Block) {
        let steps: Vec<&Step> = block.steps.iter().collect();
        let actions: Vec<(&str, &Action)> =
            steps.iter().map(|step| (step.actor.as_str(), &step.action)).collect();
        let predicted = self.world.together(&actions);
        self.enter(&steps, predicted, Some(self.together));
        self.together += 1;
    }

    /// Enters the steps of one moment, with the table after all of them.
    fn enter(&mut self, steps: &[&Step], predicted: Vec<Prediction>, together: Option<usize>) {
        let mut outcomes = Vec::with_capacity(steps.len());
        for (step, predicted) in steps.iter().zip(predicted) {
            let predicted = predicted.outcome().filter(|_| self.foreseen);
            let expected = step.expect.on(self.backend).cloned();
            let outcome = predicted.clone().or_else(|| expected.clone().filter(|_| self.foreseen));
            outcomes.push(outcome.clone());
            let event = StepEvent {
                actor: step.actor.clone(),
                action: step.action.clone(),
                outcome,
                expected,
                predicted,
                warnings: Vec::new(),
                together,
                messages: Vec::new(),
            };
            let text = format!("{} {}", step.actor, step.action);
            self.push(step.line, text, EventKind::Step(Box::new(event)));
        }
        self.foreseen &= outcomes.iter().all(Option::is_some);
        if !self.foreseen {
            return;
        }
        let mut ended: Vec<_> = steps.iter().zip(outcomes.into_iter().flatten()).collect();
        // Order of entry: releases, then the granted, then the refused.
        ended.sort_by_key(|(_, outcome)| match outcome {
            Outcome::Done | Outcome::NotOpen => 0,
            Outcome::Granted => 1,
            _ => 2,
        });
        for (step, outcome) in ended {
            self.apply(step, &outcome);
        }
        self.note_table();
    }

    fn apply(&mut self, step: &Step, outcome: &Outcome) {
        self.books.apply(&step.actor, &step.action, outcome, None);
        self.world.apply(&step.actor, &step.action, outcome);
        if let (Some(image), Outcome::Done) = (step.action.new_image(), outcome) {
            self.trace.images.push(image.to_owned());
        }
    }

    fn held(&mut self, statement: &HeldStatement) {
        if !statement.backends.contains(&self.backend) {
            return;
        }
        self.push(statement.line, "held".to_owned(), EventKind::Held { stated: Vec::new() });
        if self.foreseen {
            self.note_table();
        }
    }

    fn push(&mut self, line: usize, text: String, kind: EventKind) {
        self.trace.events.push(Event { line, text, start_us: 0, end_us: 0, kind, table: None });
    }

    fn note_table(&mut self) {
        if self.books.has_more_nodes_than(MOST_NODES_READ) {
            return;
        }
        if let Some(event) = self.trace.events.last_mut() {
            event.table = Some(self.world.locks());
        }
    }
}

#[cfg(test)]
mod tests;
