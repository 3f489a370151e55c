//! What is different between two documents, told.

mod again;
mod group;
mod json;
mod markdown;
mod sides;
mod steps;
mod text;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use json::json;
pub use markdown::markdown;
pub use text::text;

use imglock_harness::compare::{Change, Comparison, PlaceChange};

use group::Group;
use sides::Names;

/// A comparison, and what the two documents are called.
pub struct Compared<'c> {
    /// The older document, as it was named.
    pub old: String,
    /// The newer one; `this run` where it is no file.
    pub new: String,
    /// What is different.
    pub comparison: &'c Comparison,
}

/// How many entries of a list are told, and how many broken runs in full,
/// unless all are asked for.
const TOLD: usize = 10;

/// What is told of in one list, in this order. What is the same is counted
/// only.
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
    /// The runs of which this has become. Those of a place that only one of
    /// the two has, or that was not reached, are told with the place.
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

    /// What its places are called.
    fn names(&self) -> Names {
        Names::of(self.comparison)
    }
}
