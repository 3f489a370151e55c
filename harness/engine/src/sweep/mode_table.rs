use std::collections::{BTreeMap, BTreeSet};

use crate::run::{
    Casting, Engine, EventKind, Finding, HarnessError, RunOptions, SessionOptions, StepEvent,
};
use imglock_core::{Action, Backend, Mode, OpenOptions, Outcome};
use imglock_scenario::{Expectation, ImageDeclaration, Item, ModeMatrix, Scenario, Step};

/// The kernel's decision for every ordered pair of modes: the first opener
/// holds the image when the second opener opens it.
#[derive(Debug, Clone)]
pub struct ModeTable {
    /// Lock type of the measurement.
    pub backend: Backend,
    /// The subject that played the openers.
    pub subject: String,
    /// Findings of model and contract; empty if there are none.
    pub findings: Vec<Finding>,
    /// Pairs that the openers cannot play, with the reason.
    pub unable: BTreeMap<(Mode, Mode), String>,
    cells: BTreeMap<(Mode, Mode), Outcome>,
}

impl ModeTable {
    /// The outcome of the second opener; `None` if the pair was not tried.
    pub fn cell(&self, first: Mode, second: Mode) -> Option<&Outcome> {
        self.cells.get(&(first, second))
    }

    /// Every tried pair, with the outcome of the second opener.
    pub fn cells(&self) -> impl Iterator<Item = ((Mode, Mode), &Outcome)> {
        self.cells.iter().map(|(pair, outcome)| (*pair, outcome))
    }

    /// Every pair that the openers can play and whose outcome is not as
    /// `stated`.
    pub fn differences(&self, stated: &ModeMatrix) -> Vec<ModeDifference> {
        pairs()
            .filter(|pair| !self.unable.contains_key(pair))
            .map(|(first, second)| ModeDifference {
                first,
                second,
                measured: self.cell(first, second).cloned(),
                stated: stated.cell(first, second),
            })
            .filter(|pair| pair.measured.as_ref() != Some(&pair.stated))
            .collect()
    }
}

/// A pair of modes for which the kernel and the rules disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeDifference {
    /// Mode of the first opener.
    pub first: Mode,
    /// Mode of the second opener.
    pub second: Mode,
    /// The kernel's outcome; `None` if the pair was not tried.
    pub measured: Option<Outcome>,
    /// The outcome that the rules state.
    pub stated: Outcome,
}

fn pairs() -> impl Iterator<Item = (Mode, Mode)> {
    Mode::ALL.iter().flat_map(|first| Mode::ALL.iter().map(move |second| (*first, *second)))
}

/// Opens every ordered pair of modes in two real processes.
///
/// # Errors
/// If the environment cannot run processes or has no such locks.
pub fn mode_table(
    backend: Backend,
    casting: &Casting,
    options: &SessionOptions,
) -> Result<ModeTable, HarnessError> {
    let mut engine = Engine::prepare(options, backend)?;
    let mut unable = BTreeMap::new();
    for pair in pairs() {
        if let Some(why) = casting.inability(&scenario(&[pair], backend), backend) {
            unable.insert(pair, why);
        }
    }
    let mut left: Vec<(Mode, Mode)> = pairs().filter(|pair| !unable.contains_key(pair)).collect();
    let mut table = ModeTable {
        backend,
        subject: casting.to_string(),
        findings: Vec::new(),
        unable,
        cells: BTreeMap::new(),
    };
    // A run ends at the first finding. The next run continues behind it, so
    // that every cell is measured.
    while !left.is_empty() {
        let result =
            engine.run(&scenario(&left, backend), RunOptions::new(backend).cast(casting))?;
        let outcomes = result.trace.events.iter().filter_map(|event| match &event.kind {
            EventKind::Step(step) => second_open(step),
            EventKind::Held { .. } => None,
        });
        let measured: Vec<Outcome> = outcomes.collect();
        // Without a single measured pair, this loop would never end.
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
        name: "matrix".into(),
        summary: "Every ordered pair of modes".to_owned(),
        about: String::new(),
        backends: vec![backend],
        file_systems: Vec::new(),
        hazards: BTreeMap::from([(backend, BTreeSet::new())]),
        images: vec![ImageDeclaration { name: IMAGE.to_owned(), size: 1 << 20 }],
        items: items.collect(),
    }
}

fn open(mode: Mode) -> Action {
    let options = OpenOptions::new(IMAGE, mode.into());
    Action::Open { node: "disk".to_owned(), options }
}

#[cfg(test)]
mod tests {
    use super::*;
    use imglock_core::{Permission, Refusal, Side};

    #[test]
    fn a_pair_that_is_not_as_stated_is_a_difference() {
        let text = include_str!("../../../../scenarios/matrix.kdl");
        let stated = ModeMatrix::parse("matrix.kdl", text).expect("the matrix");
        let cells = pairs().map(|pair| (pair, stated.cell(pair.0, pair.1))).collect();
        let (subject, unable) = ("builtin".to_owned(), BTreeMap::new());
        let backend = Backend::Ofd;
        let mut table = ModeTable { backend, subject, findings: Vec::new(), unable, cells };
        assert_eq!(table.differences(&stated), []);

        table.cells.insert((Mode::Rw, Mode::Rw), Outcome::Granted);
        table.cells.remove(&(Mode::None, Mode::Rw));
        let refusal = Refusal { side: Side::Wanted, permission: Permission::Write };
        let difference =
            |first, measured, stated| ModeDifference { first, second: Mode::Rw, measured, stated };
        let expected = [
            difference(Mode::None, None, Outcome::Granted),
            difference(Mode::Rw, Some(Outcome::Granted), Outcome::Refused(refusal)),
        ];
        assert_eq!(table.differences(&stated), expected);

        // A pair that the openers cannot play is not a difference.
        let why = "qemu-io cannot open nothing".to_owned();
        table.unable.insert((Mode::None, Mode::Rw), why);
        assert_eq!(table.differences(&stated), expected[1..]);
    }
}
