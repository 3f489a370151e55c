use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Opening;
use imglock_core::Backend;

/// An opener of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryOpener {
    /// Its name in messages, such as `vm1.disk`.
    pub name: String,
    /// Its process. Under POSIX, all openers of one process are one owner of locks.
    pub process: String,
}

/// The facts about a history that a judge needs besides its openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryTerms<'a> {
    /// The openers, by index.
    pub openers: &'a [HistoryOpener],
    /// The kind of locks. It determines their owner: each opener, or each process.
    pub backend: Backend,
    /// Whether the history is finished, so that every lock must have been released.
    pub complete: bool,
    /// The resolution of the clock, in nanoseconds. Time stamps of different openers that are no
    /// further apart than this have no certain order.
    pub resolution_ns: u64,
}

/// The owner of the locks of each opener, as a number. Locks of one owner never conflict.
#[derive(Debug)]
pub(super) struct Owners(Vec<u32>);

impl Owners {
    /// The owners according to the backend.
    pub fn of<'a>(terms: &HistoryTerms<'a>) -> Owners {
        let mut known: HashMap<&str, u32> = HashMap::new();
        let owner = |(index, opener): (u32, &'a HistoryOpener)| match terms.backend {
            Backend::Ofd => index,
            Backend::Posix => *known.entry(&opener.process).or_insert(index),
        };
        Owners((0..).zip(terms.openers).map(owner).collect())
    }

    /// The owner of the locks of this opening. An opener that is not listed is its own owner.
    pub fn owner(&self, stay: &Opening) -> u32 {
        let unlisted = || u32::try_from(stay.opener).unwrap_or(u32::MAX);
        self.0.get(stay.opener).copied().unwrap_or_else(unlisted)
    }
}
