//! Stories whose lines the model must predict.
//!
//! A line is `ACTOR VERB ... => OUTCOME`. `a | b` stands for outcome `a` on OFD and `b` on POSIX,
//! `? a` for an unknown outcome that is then applied as `a`. `locks => ...` states the lock table.

mod bytes;
mod claims;
mod crowd;
mod descriptors;
mod lifetime;
mod mounts;
mod names;
mod pausing;
mod properties;
mod protocol;
mod reopening;
mod together;
mod waiting;

use super::{Prediction, World};
use imglock_core::{Backend, TableLock};
use imglock_shorthand::action;

/// Plays `story` on each backend and checks every line.
pub(super) fn story(text: &str) {
    for backend in Backend::ALL {
        story_on(backend, text);
    }
}

/// Plays `story` on one backend and returns the world at its end.
pub(super) fn story_on(backend: Backend, text: &str) -> World {
    let mut world = world(backend);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, expected) = line.split_once("=>").expect("a line has an outcome");
        let expected = match (expected.split_once('|'), backend) {
            (None, _) => expected,
            (Some((ofd, _)), Backend::Ofd) => ofd,
            (Some((_, posix)), Backend::Posix) => posix,
        }
        .trim();
        if step.trim() == "locks" {
            assert_eq!(shown(&world.locks()), expected, "{backend}, {line}");
            continue;
        }
        let (actor, action) = action(step.trim());
        let outcome = match world.predict(actor, &action) {
            Prediction::Exactly(outcome) => {
                assert_eq!(outcome.to_string(), expected, "{backend}, {line}");
                outcome
            }
            Prediction::Unknown(why) => {
                let outcome = expected.strip_prefix("? ");
                let outcome = outcome.unwrap_or_else(|| panic!("{backend}, {line}: {why}"));
                outcome.parse().expect("an outcome")
            }
        };
        world.apply(actor, &action, &outcome);
    }
    world
}

/// A world with two images of 1 MiB and no process.
pub(super) fn world(backend: Backend) -> World {
    World::new(backend, &[("disk.img".into(), 1 << 20), ("base.img".into(), 1 << 20)])
}

fn shown(locks: &[TableLock]) -> String {
    let each: Vec<String> = locks
        .iter()
        .map(|lock| {
            let image = if lock.image == 0 { "" } else { "base " };
            let arrow = if lock.waiting { "->" } else { "" };
            let holders: Vec<String> = lock.holders.iter().map(ToString::to_string).collect();
            let lock = format!("{image}{arrow}{} {} {}", lock.kind, lock.range, holders.join("+"));
            lock.trim_end().to_owned()
        })
        .collect();
    each.join(", ")
}
