//! The differences between two documents, for a terminal, a mail or a program.

mod account;
mod again;
mod group;
mod json;
mod sheet;
mod sides;
mod steps;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use account::{markdown, text};
pub use json::json;

use imglock_engine::{Change, Comparison, PlaceChange};

use group::Group;
use sides::Names;

/// A comparison, and the names of its two documents.
pub struct Compared<'c> {
    /// The older document, as the user named it.
    pub old: String,
    /// The newer one; `this run` where it is not a file.
    pub new: String,
    /// The differences.
    pub comparison: &'c Comparison,
}

/// How many entries of a list are shown, and how many broken runs in full,
/// without `--all`.
const TOLD: usize = 10;

/// The kinds of change with a list of their own, in this order. Runs without a
/// change are only counted.
const LISTED: [Change; 8] = [
    Change::Fixed,
    Change::Changed,
    Change::Untried,
    Change::Tried,
    Change::Slower,
    Change::New,
    Change::Gone,
    Change::NotRun,
];

impl Compared<'_> {
    /// The runs with this kind of change. Runs of a place that only one document
    /// has, or that was not reached, are left to the place.
    fn of(&self, change: Change) -> Vec<Group<'_>> {
        let places = self.comparison.places.iter();
        let whole = |place: &PlaceChange| match change {
            Change::New | Change::Gone => place.change == change,
            Change::NotRun => place.new.as_ref().is_some_and(|place| !place.is_reached()),
            _ => false,
        };
        let places = places.filter(|place| !whole(place));
        group::groups(places.flat_map(|place| place.of(change).map(move |run| (place, run))))
    }

    /// The names of its places.
    fn names(&self) -> Names {
        Names::of(self.comparison)
    }
}
