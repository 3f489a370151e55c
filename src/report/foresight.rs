//! What the model foresees of a scenario, line by line, on several backends
//! at once.

use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::lock::Backend;
use imglock_harness::run::{Event, EventKind, Trace, rehearse};
use imglock_harness::scenario::{HeldStatement, Scenario};
use imglock_harness::step::Outcome;

use super::changes::Changes;
use super::lifetimes::Lock;

/// A rehearsal on each backend, and how far each has been told.
pub struct Foresight {
    rehearsals: Vec<Rehearsal>,
}

struct Rehearsal {
    backend: Backend,
    trace: Trace,
    changes: Changes,
    /// The next event to be told.
    next: usize,
}

/// What is foreseen of one line, or of one `together`.
pub struct Moment {
    /// What must come of each step, by backend; left out where it is not
    /// foreseen.
    pub outcomes: Vec<Vec<(Backend, Outcome)>>,
    /// Which locks come and go, in words, by actor.
    pub changes: BTreeMap<String, Vec<String>>,
    /// Whether something is not foreseen on a backend where all was so far.
    pub ends: bool,
}

/// How far each rehearsal had been told at some point.
pub struct Place(Vec<usize>);

impl Foresight {
    /// Rehearses `scenario` on each of `backends`.
    pub fn of(scenario: &Scenario, backends: &[Backend]) -> Foresight {
        let rehearsal = |backend: &Backend| {
            let trace = rehearse(scenario, *backend);
            let changes = Changes::of(&trace);
            Rehearsal { backend: *backend, trace, changes, next: 0 }
        };
        Foresight { rehearsals: backends.iter().map(rehearsal).collect() }
    }

    /// The next `steps` events: those of a line or of a `together`.
    pub fn tell(&mut self, steps: usize) -> Moment {
        let mut moment =
            Moment { outcomes: vec![Vec::new(); steps], changes: BTreeMap::new(), ends: false };
        let mut changed: BTreeMap<String, BTreeMap<Backend, Vec<String>>> = BTreeMap::new();
        for rehearsal in &mut self.rehearsals {
            let events = rehearsal.next..rehearsal.next + steps;
            rehearsal.next = events.end;
            let was_foreseen = rehearsal.is_foreseen(events.start.checked_sub(1));
            moment.ends |=
                was_foreseen && events.clone().any(|at| !rehearsal.is_foreseen(Some(at)));
            for (number, at) in events.enumerate() {
                if let Some(outcome) = rehearsal.outcome(at) {
                    moment.outcomes[number].push((rehearsal.backend, outcome.clone()));
                }
                for (actor, change) in rehearsal.changes.at(at) {
                    let lines = changed.entry(actor.to_owned()).or_default();
                    let lines = lines.entry(rehearsal.backend).or_default();
                    lines.extend(rehearsal.changes.words(change));
                }
            }
        }
        let backends = self.rehearsals.len();
        let once = |(actor, lines)| (actor, said_once(lines, backends));
        moment.changes = changed.into_iter().map(once).collect();
        moment
    }

    /// Goes past a `held`.
    pub fn pass(&mut self, statement: &HeldStatement) {
        for rehearsal in &mut self.rehearsals {
            rehearsal.next += usize::from(statement.backends.contains(&rehearsal.backend));
        }
    }

    /// How far it has been told.
    pub fn place(&self) -> Place {
        Place(self.rehearsals.iter().map(|rehearsal| rehearsal.next).collect())
    }

    /// The event that is told next, and its actor, on the first backend.
    pub fn next_event(&self) -> usize {
        self.rehearsals.first().map_or(0, |rehearsal| rehearsal.next)
    }

    /// Who acts in an event, on the first backend.
    pub fn actor(&self, event: usize) -> Option<&str> {
        match &self.rehearsals.first()?.trace.events.get(event)?.kind {
            EventKind::Step(step) => Some(&step.actor),
            EventKind::Held { .. } => None,
        }
    }

    /// Goes past all rounds but the first of a repetition whose first round
    /// has been told since `began`. Gives for each event that is left out the
    /// one of the first round that it repeats, on the first backend.
    pub fn skip_rounds(&mut self, began: &Place, rounds: u32) -> Vec<(usize, usize)> {
        let more = (rounds as usize).saturating_sub(1);
        let mut repeated = Vec::new();
        for (number, (rehearsal, began)) in self.rehearsals.iter_mut().zip(&began.0).enumerate() {
            let length = rehearsal.next - began;
            if number == 0 {
                let left_out =
                    (0..more * length).map(|at| (rehearsal.next + at, began + at % length));
                repeated.extend(left_out);
            }
            rehearsal.next += more * length;
        }
        repeated
    }

    /// Every lock that comes, on any backend.
    pub fn gained(&self) -> impl Iterator<Item = &Lock> + Clone {
        self.rehearsals.iter().flat_map(|rehearsal| rehearsal.changes.gained())
    }
}

impl Rehearsal {
    fn is_foreseen(&self, event: Option<usize>) -> bool {
        let unknown = |event: &Event| match &event.kind {
            EventKind::Step(step) => step.outcome.is_none(),
            EventKind::Held { .. } => false,
        };
        // Before the first event all is known.
        !event.and_then(|at| self.trace.events.get(at)).is_some_and(unknown)
    }

    fn outcome(&self, event: usize) -> Option<&Outcome> {
        match &self.trace.events.get(event)?.kind {
            EventKind::Step(step) => step.expected.as_ref().or(step.outcome.as_ref()),
            EventKind::Held { .. } => None,
        }
    }
}

/// The lines of all backends: those that they agree on once, the others with
/// the backend before them.
fn said_once(by_backend: BTreeMap<Backend, Vec<String>>, backends: usize) -> Vec<String> {
    let different: BTreeSet<&Vec<String>> = by_backend.values().collect();
    if different.len() == 1 && by_backend.len() == backends {
        return by_backend.into_values().next().unwrap_or_default();
    }
    let named = |(backend, lines): (Backend, Vec<String>)| {
        lines.into_iter().map(move |line| format!("{backend}: {line}"))
    };
    by_backend.into_iter().flat_map(named).collect()
}
