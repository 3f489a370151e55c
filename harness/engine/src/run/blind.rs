//! Runs on a file system whose locks the kernel's lock table hides. A FUSE
//! server that keeps its locks itself is one: /proc/locks does not show them.

use imglock_core::{Action, Backend};
use imglock_scenario::{Item, Scenario, Step};

/// Why a scenario cannot be judged by outcomes alone; `None` where it can.
/// Such a run ignores the scenario's `held` statements.
pub(super) fn reason(scenario: &Scenario, backend: Backend) -> Option<&'static str> {
    if any_step(&scenario.items, &waits) {
        return Some(
            "the kernel's lock table shows no lock of this file system, so a wait for a lock \
             cannot be observed",
        );
    }
    let states = |item: &Item| matches!(item, Item::Held(held) if held.backends.contains(&backend));
    let expects = |step: &Step| step.expect.on(backend).is_some();
    if any_item(&scenario.items, &states) && !any_step(&scenario.items, &expects) {
        return Some(
            "the kernel's lock table shows no lock of this file system, so the `held` statements \
             cannot be compared",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(body: &str) -> Option<&'static str> {
        let text = format!("summary s\nabout a\n{body}");
        let scenario = Scenario::parse("x", "x.kdl", &text).expect("a scenario");
        reason(&scenario, Backend::Ofd)
    }

    #[rstest::rstest]
    #[case::outcomes("vm1 open disk mode=rw\nvm2 open disk mode=rw { expect \"refused write\"; }")]
    #[case::no_outcome_at_all("vm1 open disk mode=rw\nvm1 close disk")]
    #[case::held_beside_outcomes(
        "vm1 open disk mode=rw { expect granted; }\nheld { vm1 disk mode=rw; }"
    )]
    #[case::held_on_the_other_locks(
        "vm1 open disk mode=rw\nheld backend=posix { vm1 disk mode=rw; }"
    )]
    #[case::a_lock_without_a_wait("vm1 open f mode=none\nvm1 lock f type=read start=0 len=1")]
    fn outcomes_suffice_for(#[case] body: &str) {
        assert_eq!(reason_of(body), None);
    }

    #[rstest::rstest]
    #[case::a_wait(
        "vm1 open f mode=none\nvm1 lock f type=read start=0 len=1 wait=#true",
        "so a wait"
    )]
    #[case::held_alone(
        "repeat 2 { vm1 open disk mode=rw; held { vm1 disk mode=rw; }; vm1 close disk; }",
        "compared"
    )]
    fn the_table_is_needed_for(#[case] body: &str, #[case] why: &str) {
        assert!(reason_of(body).is_some_and(|reason| reason.contains(why)));
    }
}
