//! `together`: steps of several actors at the same moment.

use super::books::Books;
use super::cast::{Cast, StepFailure};
use super::perform;
use crate::subject::Performed;
use imglock_core::{Action, Outcome};
use imglock_scenario::Step;

/// What came of a step; its number says which.
type Ended = (usize, Result<Performed, StepFailure>);

/// Starts every deed before it waits for the first to end. The result has
/// releases first, then the granted, then the refused.
pub(super) fn perform(
    cast: &mut Cast,
    books: &Books,
    steps: &[Step],
) -> Result<Vec<Ended>, StepFailure> {
    let mut sent = Vec::with_capacity(steps.len());
    for step in steps {
        sent.push(send(cast, books, step)?);
    }
    let mut ended: Vec<Ended> = Vec::with_capacity(sent.len());
    for (index, (step, sent)) in steps.iter().zip(sent).enumerate() {
        let performed = if sent { receive(cast, step) } else { Ok(Outcome::NotOpen.into()) };
        ended.push((index, performed));
    }
    ended.sort_by_key(|(_, performed)| order(performed));
    Ok(ended)
}

fn order(performed: &Result<Performed, StepFailure>) -> u8 {
    match performed.as_ref().map(|performed| &performed.outcome) {
        Ok(Outcome::Done | Outcome::NotOpen) => 0,
        Ok(Outcome::Granted) => 1,
        _ => 2,
    }
}

/// Whether a deed was started; a node that is not open has none.
fn send(cast: &mut Cast, books: &Books, step: &Step) -> Result<bool, StepFailure> {
    if let Action::Exit | Action::Kill = step.action {
        perform::begin_end(cast, &step.actor, &step.action)?;
        return Ok(true);
    }
    match perform::deed(books, &step.actor, &step.action) {
        Some(deed) => {
            cast.begin(&step.actor, &deed)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn receive(cast: &mut Cast, step: &Step) -> Result<Performed, StepFailure> {
    if let Action::Exit | Action::Kill = step.action {
        return perform::await_end(cast, &step.actor);
    }
    let performed = cast.finish(&step.actor)?;
    Ok(perform::told(cast, performed))
}
