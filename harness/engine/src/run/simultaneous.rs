//! `together`: steps of several actors at the same moment.

use super::cast::StepFailure;
use super::perform;
use super::runner::{Ended, Runner, When};
use crate::subject::Performed;
use imglock_core::{Action, Outcome};
use imglock_scenario::{Block, Prediction, Step};

/// Starts every deed before it waits for the first to end.
pub(super) fn run(
    runner: &mut Runner<'_>,
    block: &Block,
    number: usize,
    when: When,
) -> Result<(), StepFailure> {
    let steps: Vec<(&str, &Action)> =
        block.steps.iter().map(|step| (step.actor.as_str(), &step.action)).collect();
    let predictions = runner.world.together(&steps).into_iter().map(Prediction::outcome);
    let claims: Vec<_> = block.steps.iter().map(|step| runner.claims(step)).collect();
    let start_us = runner.now();
    let mut sent = Vec::with_capacity(block.steps.len());
    for step in &block.steps {
        sent.push(send(runner, step)?);
    }
    let mut performed = Vec::with_capacity(sent.len());
    for (step, sent) in block.steps.iter().zip(sent) {
        performed.push(if sent { receive(runner, step) } else { Ok(Outcome::NotOpen.into()) });
    }
    let last = block.steps.len();
    let ended = block.steps.iter().zip(predictions).zip(performed).enumerate();
    // Order of entry: releases, then the granted, then the refused.
    let mut ended: Vec<_> = ended.collect();
    ended.sort_by_key(|(_, (_, performed))| order(performed));
    for (position, (index, ((step, predicted), performed))) in ended.into_iter().enumerate() {
        let others = claims.iter().enumerate().filter(|(other, _)| *other != index);
        let peers = others.flat_map(|(_, claims)| claims.iter().copied()).collect();
        let together = Some(number);
        let entry = Ended { step, predicted, performed, start_us, together, peers };
        // The table read after the block belongs to all its entries together.
        runner.enter(entry, if position + 1 == last { when } else { When::Later })?;
    }
    Ok(())
}

fn order(performed: &Result<Performed, StepFailure>) -> u8 {
    match performed.as_ref().map(|performed| &performed.outcome) {
        Ok(Outcome::Done | Outcome::NotOpen) => 0,
        Ok(Outcome::Granted) => 1,
        _ => 2,
    }
}

/// Whether a deed was started; a node that is not open has none.
fn send(runner: &mut Runner<'_>, step: &Step) -> Result<bool, StepFailure> {
    let Runner { cast, books, .. } = runner;
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

fn receive(runner: &mut Runner<'_>, step: &Step) -> Result<Performed, StepFailure> {
    let cast = &mut runner.cast;
    if let Action::Exit | Action::Kill = step.action {
        return perform::await_end(cast, &step.actor);
    }
    let performed = cast.finish(&step.actor)?;
    Ok(perform::told(cast, performed))
}
