use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Opening;
use imglock_core::Backend;

/// Who opens images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryOpener {
    /// Its name in messages, such as `vm1.disk`.
    pub name: String,
    /// The process that it is a part of. Under POSIX all openers of one
    /// process own its locks together.
    pub process: String,
}

/// What a judge has to know of a history besides its stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryTerms<'a> {
    /// The openers, by their index.
    pub openers: &'a [HistoryOpener],
    /// Who owns locks: each opener, or each process.
    pub backend: Backend,
    /// Whether nothing comes after it: then every lock must have been let go.
    pub complete: bool,
    /// Time stamps that are no further apart than this are in no certain
    /// order.
    pub resolution_ns: u64,
}

/// The owner of each opener's locks, as a number: owners never conflict with
/// themselves.
#[derive(Debug)]
pub(super) struct Owners(Vec<u32>);

impl Owners {
    /// By the rules of the backend.
    pub fn of<'a>(terms: &HistoryTerms<'a>) -> Owners {
        let mut known: HashMap<&str, u32> = HashMap::new();
        let owner = |(index, opener): (u32, &'a HistoryOpener)| match terms.backend {
            Backend::Ofd => index,
            Backend::Posix => *known.entry(&opener.process).or_insert(index),
        };
        Owners((0..).zip(terms.openers).map(owner).collect())
    }

    /// Of this stay's locks. An opener that nobody listed owns its own.
    pub fn owner(&self, stay: &Opening) -> u32 {
        let unlisted = || u32::try_from(stay.opener).unwrap_or(u32::MAX);
        self.0.get(stay.opener).copied().unwrap_or_else(unlisted)
    }
}
