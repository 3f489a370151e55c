use std::collections::{BTreeMap, BTreeSet};

use crate::image::Mode;
use crate::lock::Backend;
use crate::run::{Engine, EventKind, Finding, HarnessError, SessionOptions, StepEvent};
use crate::scenario::{Expectation, ImageDeclaration, Item, Scenario, Step};
use crate::step::{Action, OpenOptions, Outcome};

/// What the kernel says to every ordered pair of modes: the first opener has
/// the image, the second one asks for it.
#[derive(Debug, Clone)]
pub struct ModeTable {
    /// On which locks it was measured.
    pub backend: Backend,
    /// What model and contract found fault with, if anything.
    pub findings: Vec<Finding>,
    cells: BTreeMap<(Mode, Mode), Outcome>,
}

impl ModeTable {
    /// What the second opener got; `None` where the pair could not be tried.
    pub fn cell(&self, first: Mode, second: Mode) -> Option<&Outcome> {
        self.cells.get(&(first, second))
    }
}

/// Opens every ordered pair of modes in two real processes.
///
/// # Errors
/// When the environment cannot run processes or locks.
pub fn mode_table(backend: Backend, options: &SessionOptions) -> Result<ModeTable, HarnessError> {
    let mut engine = Engine::prepare(options, backend)?;
    let mut table = ModeTable { backend, findings: Vec::new(), cells: BTreeMap::new() };
    let pairs = || Mode::ALL.iter().flat_map(|a| Mode::ALL.iter().map(move |b| (*a, *b)));
    let mut left: Vec<(Mode, Mode)> = pairs().collect();
    // A run ends at the first fault that a judge finds; the next one goes on
    // behind it, so that every cell is measured.
    while !left.is_empty() {
        let result = engine.run(&scenario(&left, backend), backend)?;
        let outcomes = result.trace.events.iter().filter_map(|event| match &event.kind {
            EventKind::Step(step) => second_open(step),
            EventKind::Held { .. } => None,
        });
        let measured: Vec<Outcome> = outcomes.collect();
        // Where not even one pair was measured, going on would never end.
        let tried = measured.len().max(1).min(left.len());
        table.cells.extend(left.drain(..tried).zip(measured));
        table.findings.extend(result.findings);
    }
    Ok(table)
}

fn second_open(step: &StepEvent) -> Option<Outcome> {
    match &step.action {
        Action::Open { .. } if step.actor == SECOND => step.outcome.clone(),
        _ => None,
    }
}

const FIRST: &str = "first";
const SECOND: &str = "second";
const IMAGE: &str = "disk.img";

fn scenario(pairs: &[(Mode, Mode)], backend: Backend) -> Scenario {
    let close = || Action::Close { node: "disk".to_owned() };
    let items = pairs.iter().flat_map(|(first, second)| {
        [(FIRST, open(*first)), (SECOND, open(*second)), (SECOND, close()), (FIRST, close())]
    });
    let items = items.map(|(actor, action)| {
        let expect = Expectation::default();
        Item::Step(Step { actor: actor.to_owned(), action, expect, line: 0 })
    });
    Scenario {
        name: "matrix".to_owned(),
        summary: "Every ordered pair of modes".to_owned(),
        about: String::new(),
        backends: vec![backend],
        hazards: BTreeMap::from([(backend, BTreeSet::new())]),
        images: vec![ImageDeclaration { name: IMAGE.to_owned(), size: 1 << 20 }],
        items: items.collect(),
    }
}

fn open(mode: Mode) -> Action {
    let options = OpenOptions::new(IMAGE, mode.into());
    Action::Open { node: "disk".to_owned(), options }
}
