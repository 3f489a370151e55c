//! What is different between two documents, told.

mod again;
mod group;
mod json;
mod markdown;
mod sides;
mod steps;
mod text;
mod words;

pub use json::json;
pub use markdown::markdown;
pub use text::text;

use imglock_harness::compare::{Change, Comparison, PlaceChange};

use group::Group;

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
    /// the two has are told with the place.
    fn of(&self, change: Change) -> Vec<Group<'_>> {
        let places = self.comparison.places.iter();
        let whole = |place: &PlaceChange| {
            matches!(place.change, Change::New | Change::Gone) && place.change == change
        };
        let places = places.filter(|place| !whole(place));
        group::groups(places.flat_map(|place| place.of(change).map(move |run| (place, run))))
    }

    /// Whether it must be said of each run where it was.
    fn has_places(&self) -> bool {
        self.comparison.places.len() > 1
    }
}
