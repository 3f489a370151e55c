//! Runs where the kernel hides who has locks: a file system that keeps them
//! itself, as a FUSE server can, is not seen in /proc/locks.

use crate::lock::Backend;
use crate::scenario::{Item, Scenario, Step};
use crate::step::Action;

/// Why a scenario cannot be judged by outcomes alone; `None` where it can.
/// What its `held` states is passed over then.
pub(super) fn reason(scenario: &Scenario, backend: Backend) -> Option<&'static str> {
    if any_step(&scenario.items, &waits) {
        return Some(
            "the kernel's lock table shows no lock of this file system, so nobody can be seen to \
             wait for one",
        );
    }
    let states = |item: &Item| matches!(item, Item::Held(held) if held.backends.contains(&backend));
    let expects = |step: &Step| step.expect.on(backend).is_some();
    if any_item(&scenario.items, &states) && !any_step(&scenario.items, &expects) {
        return Some(
            "the kernel's lock table shows no lock of this file system, so what `held` states of \
             it cannot be compared",
        );
    }
    None
}

fn waits(step: &Step) -> bool {
    matches!(step.action, Action::Lock { wait: true, .. })
}

fn any_step(items: &[Item], is: &dyn Fn(&Step) -> bool) -> bool {
    any_item(items, &|item| match item {
        Item::Step(step) => is(step),
        Item::Together(block) => block.steps.iter().any(is),
        Item::Held(_) | Item::Repeat { .. } => false,
    })
}

fn any_item(items: &[Item], is: &dyn Fn(&Item) -> bool) -> bool {
    items.iter().any(|item| match item {
        Item::Repeat { items, .. } => any_item(items, is),
        other => is(other),
    })
}
