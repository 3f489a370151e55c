//! Which locks came and went at each step, actor by actor, in words.

use std::collections::{BTreeMap, BTreeSet};

use imglock_harness::lock::Backend;
use imglock_harness::run::Trace;

use super::legend::byte;
use super::lifetimes::{Lifetime, Lock, lifetimes};

/// What changed for one actor at one point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// What it has now and had not before.
    pub gained: BTreeSet<Lock>,
    /// What it had before and has no more.
    pub gone: BTreeSet<Lock>,
}

/// The changes of a whole trace: by the event they were first seen after, and
/// by actor.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    by_event: BTreeMap<usize, BTreeMap<String, Change>>,
    images: Vec<String>,
    /// Whether both kinds of locks occur, so that it must be said which.
    mixed: bool,
}

impl Changes {
    /// What changed in the course of `trace`.
    pub fn of(trace: &Trace) -> Changes {
        let lifetimes = lifetimes(trace);
        let mut by_event: BTreeMap<usize, BTreeMap<String, Change>> = BTreeMap::new();
        let mut enter = |event: usize, lifetime: &Lifetime, gained: bool| {
            let change =
                by_event.entry(event).or_default().entry(lifetime.actor.clone()).or_default();
            let side = if gained { &mut change.gained } else { &mut change.gone };
            side.insert(lifetime.lock.clone());
        };
        for lifetime in &lifetimes {
            enter(lifetime.from, lifetime, true);
            if let Some(until) = lifetime.until {
                enter(until, lifetime, false);
            }
        }
        let backends: BTreeSet<Backend> =
            lifetimes.iter().map(|lifetime| lifetime.lock.backend).collect();
        Changes { by_event, images: trace.images.clone(), mixed: backends.len() > 1 }
    }

    /// Those seen after the event with this index.
    pub fn at(&self, event: usize) -> impl Iterator<Item = (&str, &Change)> {
        self.by_event.get(&event).into_iter().flatten().map(|(actor, change)| (&**actor, change))
    }

    /// A change in words, a line for each kind of lock: `+ 100 101 201`,
    /// `- 201`, `+ waits for write 0-9`.
    pub fn words(&self, change: &Change) -> Vec<String> {
        let gone = change.gone.iter().filter(|lock| {
            // Granted at last: then it is among what was gained.
            let granted = Lock { waiting: false, ..(*lock).clone() };
            !(lock.waiting && change.gained.contains(&granted))
        });
        let mut words = self.side("+", change.gained.iter());
        words.extend(self.side("-", gone));
        words
    }

    fn side<'l>(&self, sign: &str, locks: impl Iterator<Item = &'l Lock>) -> Vec<String> {
        let mut lines: BTreeMap<(usize, bool, Backend, &str), Vec<String>> = BTreeMap::new();
        for lock in locks {
            let kind = if byte(lock).is_some() { "" } else { lock.kind.name() };
            let line = (lock.image, lock.waiting, lock.backend, kind);
            lines.entry(line).or_default().push(lock.range.to_string());
        }
        let lines = lines.into_iter().map(|((image, waiting, backend, kind), ranges)| {
            let waits = match (waiting, sign) {
                (true, "+") => "waits for",
                (true, _) => "no longer waits for",
                (false, _) => "",
            };
            let image = self.images.get(image).filter(|_| self.images.len() > 1);
            let image = image.map(|image| format!("of {image}")).unwrap_or_default();
            let backend = if self.mixed { format!("({backend})") } else { String::new() };
            let ranges = ranges.join(" ");
            let words = [sign, waits, kind, &ranges, &image, &backend];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        });
        lines.collect()
    }

    /// Every lock that ever came.
    pub fn gained(&self) -> impl Iterator<Item = &Lock> + Clone {
        self.by_event.values().flat_map(BTreeMap::values).flat_map(|change| &change.gained)
    }
}
