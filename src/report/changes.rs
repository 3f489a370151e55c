//! The locks that each actor acquires and loses at each event, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anstyle::Style;
use imglock_core::Backend;
use imglock_engine::Trace;

use super::lifetimes::{Lifetime, Lock, lifetimes};
use super::palette::{BAD, FAINT, TAKEN};

/// The changes of one actor's locks at one point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Locks that the actor has now and did not have before.
    pub gained: BTreeSet<Lock>,
    /// Locks that it had before and no longer has.
    pub gone: BTreeSet<Lock>,
}

/// One kind of lock that comes or goes: `+ 100 101 201`, `- 201 lost`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Whether the locks are acquired, or gone.
    pub gained: bool,
    /// The locks: `100 101 201`, `waits for write 0-9`.
    pub locks: String,
    /// Whether they are gone without the actor's doing.
    pub lost: bool,
}

/// All changes of a trace, by the event after which the lock table first
/// shows them, and by actor.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The lifetimes that the changes come from.
    pub lifetimes: Vec<Lifetime>,
    by_event: BTreeMap<usize, BTreeMap<String, Change>>,
    images: Vec<String>,
    /// Whether both backends occur, so that each line names its own.
    mixed: bool,
}

impl Changes {
    /// The changes in the course of `trace`.
    pub fn of(trace: &Trace) -> Changes {
        let lifetimes = lifetimes(trace);
        let mut by_event: BTreeMap<usize, BTreeMap<String, Change>> = BTreeMap::new();
        for Lifetime { actor, lock, from, until } in &lifetimes {
            let began = by_event.entry(*from).or_default().entry(actor.clone()).or_default();
            began.gained.insert(lock.clone());
            if let Some(until) = until {
                let ended = by_event.entry(*until).or_default().entry(actor.clone()).or_default();
                ended.gone.insert(lock.clone());
            }
        }
        let backends: BTreeSet<Backend> = lifetimes.iter().map(|one| one.lock.backend).collect();
        Changes { lifetimes, by_event, images: trace.images.clone(), mixed: backends.len() > 1 }
    }

    /// The changes seen after the event with this index.
    pub fn at(&self, event: usize) -> impl Iterator<Item = (&str, &Change)> {
        self.by_event.get(&event).into_iter().flatten().map(|(actor, change)| (&**actor, change))
    }

    /// A change in words, a line for each kind of lock.
    pub fn lines(&self, change: &Change) -> Vec<Line> {
        let gone = change.gone.iter().filter(|lock| {
            // A lock that is granted after a wait is among those gained.
            let granted = Lock { waiting: false, ..(*lock).clone() };
            !(lock.waiting && change.gained.contains(&granted))
        });
        let mut lines = self.side(true, change.gained.iter());
        lines.extend(self.side(false, gone));
        lines
    }

    fn side<'l>(&self, gained: bool, locks: impl Iterator<Item = &'l Lock>) -> Vec<Line> {
        let mut lines: BTreeMap<(usize, bool, Backend, &str), Vec<String>> = BTreeMap::new();
        for lock in locks {
            let kind = if lock.permission().is_some() { "" } else { lock.kind.name() };
            let line = (lock.image, lock.waiting, lock.backend, kind);
            lines.entry(line).or_default().push(lock.range.to_string());
        }
        let lines = lines.into_iter().map(|((image, waiting, backend, kind), ranges)| {
            let waits = match (waiting, gained) {
                (true, true) => "waits for",
                (true, false) => "no longer waits for",
                (false, _) => "",
            };
            let image = self.images.get(image).filter(|_| self.images.len() > 1);
            let image = image.map(|image| format!("of {image}")).unwrap_or_default();
            let backend = if self.mixed { format!("({backend})") } else { String::new() };
            let words = [waits, kind, &ranges.join(" "), &image, &backend];
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            Line { gained, locks: words.join(" "), lost: false }
        });
        lines.collect()
    }
}

impl Line {
    /// Its style in the terminal.
    pub fn style(&self) -> Style {
        match (self.gained, self.lost) {
            (true, _) => TAKEN,
            (false, true) => BAD,
            (false, false) => FAINT,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.gained { '+' } else { '-' };
        write!(f, "{sign} {}{}", self.locks, if self.lost { " lost" } else { "" })
    }
}
