//! The model's predictions for a scenario, line by line, for several lock
//! types at once.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style;
use imglock_core::{Backend, Outcome};
use imglock_engine::{EventKind, StepEvent, Trace, rehearse};
use imglock_scenario::{HeldStatement, Scenario, Step};

use super::changes::Changes;
use super::course::Sign;
use super::lifetimes::Lock;

/// A rehearsal for each backend, and the position in it.
pub struct Predictions {
    rehearsals: Vec<Rehearsal>,
}

struct Rehearsal {
    backend: Backend,
    trace: Trace,
    changes: Changes,
    /// The next event.
    next: usize,
}

/// The predictions for one line, or for one `together`.
pub struct Prediction {
    /// The outcomes of each step.
    pub outcomes: Vec<Vec<(Style, String)>>,
    /// The locks that come and go, by actor.
    pub changes: BTreeMap<String, Vec<(Style, String)>>,
    /// Whether the first outcome without a prediction is here.
    pub ends: bool,
}

type ByBackend = BTreeMap<Backend, Vec<(Style, String)>>;

/// A position in each rehearsal.
pub struct Position(Vec<usize>);

impl Predictions {
    /// Rehearses `scenario` with each of `backends`.
    pub fn of(scenario: &Scenario, backends: &[Backend]) -> Predictions {
        let rehearsal = |backend: &Backend| {
            let trace = rehearse(scenario, *backend);
            let changes = Changes::of(&trace);
            Rehearsal { backend: *backend, trace, changes, next: 0 }
        };
        Predictions { rehearsals: backends.iter().map(rehearsal).collect() }
    }

    /// Predicts the next `steps`: those of a line or of a `together`.
    pub fn predict(&mut self, steps: &[Step]) -> Prediction {
        let mut outcomes = vec![ByBackend::new(); steps.len()];
        let mut changes: BTreeMap<String, ByBackend> = BTreeMap::new();
        let mut ends = false;
        for rehearsal in &mut self.rehearsals {
            let backend = rehearsal.backend;
            let events = rehearsal.next..rehearsal.next + steps.len();
            rehearsal.next = events.end;
            let known_before = events.start.checked_sub(1).is_none_or(|at| rehearsal.is_known(at));
            ends |= known_before && events.clone().any(|at| !rehearsal.is_known(at));
            for ((at, step), outcomes) in events.zip(steps).zip(&mut outcomes) {
                // `done` is worth a line only where the file expects it.
                let told = |outcome: &&Outcome| {
                    **outcome != Outcome::Done || step.expect.on(backend).is_some()
                };
                if let Some(outcome) = rehearsal.outcome(at).filter(told) {
                    let line = (Sign::of(outcome).style(), outcome.to_string());
                    outcomes.entry(backend).or_default().push(line);
                }
                for (actor, change) in rehearsal.changes.at(at) {
                    let lines = rehearsal.changes.lines(change);
                    let lines = lines.iter().map(|line| (line.style(), line.to_string()));
                    let of_actor = changes.entry(actor.to_owned()).or_default();
                    of_actor.entry(backend).or_default().extend(lines);
                }
            }
        }
        let all = self.rehearsals.len();
        let arrow = |(style, words)| (style, format!("→ {words}"));
        let outcomes = outcomes.into_iter().map(|of_step| once_if_equal(of_step, all));
        Prediction {
            outcomes: outcomes.map(|lines| lines.into_iter().map(arrow).collect()).collect(),
            changes: changes
                .into_iter()
                .map(|(actor, one)| (actor, once_if_equal(one, all)))
                .collect(),
            ends,
        }
    }

    /// Skips a `held`.
    pub fn skip(&mut self, statement: &HeldStatement) {
        for rehearsal in &mut self.rehearsals {
            rehearsal.next += usize::from(statement.backends.contains(&rehearsal.backend));
        }
    }

    /// The position.
    pub fn position(&self) -> Position {
        Position(self.rehearsals.iter().map(|rehearsal| rehearsal.next).collect())
    }

    /// The next event with the first backend.
    pub fn next_event(&self) -> usize {
        self.rehearsals.first().map_or(0, |rehearsal| rehearsal.next)
    }

    /// The acting process of an event with the first backend.
    pub fn actor(&self, event: usize) -> Option<&str> {
        self.rehearsals.first()?.step(event).map(|step| &*step.actor)
    }

    /// Skips all rounds but the first of a repetition whose first round began
    /// at `began`. Returns each skipped event with the event of the first
    /// round that it repeats, with the first backend.
    pub fn skip_rounds(&mut self, began: &Position, rounds: u32) -> Vec<(usize, usize)> {
        let more = (rounds as usize).saturating_sub(1);
        let mut repeated = Vec::new();
        for (number, (rehearsal, began)) in self.rehearsals.iter_mut().zip(&began.0).enumerate() {
            let length = rehearsal.next - began;
            if number == 0 {
                let skipped = 0..more * length;
                repeated.extend(skipped.map(|at| (rehearsal.next + at, began + at % length)));
            }
            rehearsal.next += more * length;
        }
        repeated
    }

    /// Every lock that an actor acquires, with any backend.
    pub fn locks(&self) -> impl Iterator<Item = &Lock> + Clone {
        self.rehearsals.iter().flat_map(|one| &one.changes.lifetimes).map(|one| &one.lock)
    }
}

impl Rehearsal {
    fn step(&self, event: usize) -> Option<&StepEvent> {
        match &self.trace.events.get(event)?.kind {
            EventKind::Step(step) => Some(step),
            EventKind::Held { .. } => None,
        }
    }

    fn is_known(&self, event: usize) -> bool {
        self.step(event).is_none_or(|step| step.outcome.is_some())
    }

    fn outcome(&self, event: usize) -> Option<&Outcome> {
        let step = self.step(event)?;
        step.expected.as_ref().or(step.outcome.as_ref())
    }
}

/// The lines once if all backends agree, and otherwise each with its lock
/// type before it.
fn once_if_equal(by_backend: ByBackend, backends: usize) -> Vec<(Style, String)> {
    let different: BTreeSet<Vec<&String>> =
        by_backend.values().map(|lines| lines.iter().map(|(_, line)| line).collect()).collect();
    if different.len() == 1 && by_backend.len() == backends {
        return by_backend.into_values().next().unwrap_or_default();
    }
    let named = |(backend, lines): (Backend, Vec<(Style, String)>)| {
        lines.into_iter().map(move |(style, line)| (style, format!("{backend}: {line}")))
    };
    by_backend.into_iter().flat_map(named).collect()
}
