use serde::{Deserialize, Serialize};

use super::Change;
use super::environment::{self, PlaceDifference};
use super::pace::Pace;
use super::places::pairs;
use super::runs::{self, RunChange};
use crate::run::{Place, PlaceFate, RunDocument};

/// The differences between an older and a newer document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The factor by which a slower run must exceed its earlier duration.
    pub slower: f64,
    /// Whether all of the older runs had ended.
    pub old_complete: bool,
    /// Whether all of the newer runs had ended.
    pub new_complete: bool,
    /// The changes of each place and of its runs.
    pub places: Vec<PlaceChange>,
}

/// The change of a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceChange {
    /// The older place.
    pub old: Option<Place>,
    /// The newer place.
    pub new: Option<Place>,
    /// The change of the place as a whole: broken if its kernel was lost.
    pub change: Change,
    /// The differences between the two environments.
    pub contrasts: Vec<PlaceDifference>,
    /// The speed of its runs compared with before; `None` if there are too few
    /// runs.
    pub pace: Option<Pace>,
    /// The changes of its runs, by scenario.
    pub runs: Vec<RunChange>,
}

impl Comparison {
    /// Compares `new` with `old`. A run is slower if it takes more than
    /// `slower` times its earlier duration and the other runs do not.
    pub fn of(old: &RunDocument, new: &RunDocument, slower: f64) -> Comparison {
        let places = pairs(old, new).into_iter().map(|(before, now)| {
            let (runs, pace) = runs::changes((old, before), (new, now), slower);
            let contrasts = match (before, now) {
                (Some(before), Some(now)) => environment::contrasts(before, now),
                _ => Vec::new(),
            };
            PlaceChange {
                old: before.cloned(),
                new: now.cloned(),
                change: change(before, now),
                contrasts,
                pace,
                runs,
            }
        });
        let places = places.collect();
        Comparison { slower, old_complete: old.complete, new_complete: new.complete, places }
    }

    /// Whether a run or a place is broken.
    pub fn is_broken(&self) -> bool {
        self.count(Change::Broken) > 0
            || self.places.iter().any(|place| place.change == Change::Broken)
    }

    /// The number of runs with this change, at all places.
    pub fn count(&self, change: Change) -> usize {
        self.places.iter().map(|place| place.count(change)).sum()
    }
}

impl PlaceChange {
    /// The number of this place's runs with this change.
    pub fn count(&self, change: Change) -> usize {
        self.of(change).count()
    }

    /// The runs with this change.
    pub fn of(&self, change: Change) -> impl Iterator<Item = &RunChange> {
        self.runs.iter().filter(move |run| run.change == change)
    }

    /// The newer place; the older one if there is no newer one.
    pub fn place(&self) -> Option<&Place> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// The change of a place, without its runs.
fn change(old: Option<&Place>, new: Option<&Place>) -> Change {
    let fate = |place: &Place| place.fate.clone();
    match (old.map(fate), new.map(fate)) {
        (Some(PlaceFate::Lost { why: before, .. }), Some(PlaceFate::Lost { why, .. })) => {
            if before == why { Change::Same } else { Change::Changed }
        }
        (_, Some(PlaceFate::Lost { .. })) => Change::Broken,
        (None, _) => Change::New,
        (_, None) => Change::Gone,
        (Some(PlaceFate::Lost { .. }), Some(PlaceFate::Reached)) => Change::Fixed,
        (Some(PlaceFate::Skipped { .. }), Some(PlaceFate::Reached)) => Change::Tried,
        (Some(PlaceFate::Reached | PlaceFate::Lost { .. }), Some(PlaceFate::Skipped { .. })) => {
            Change::Untried
        }
        (Some(PlaceFate::Reached), Some(PlaceFate::Reached))
        | (Some(PlaceFate::Skipped { .. }), Some(PlaceFate::Skipped { .. })) => Change::Same,
    }
}
