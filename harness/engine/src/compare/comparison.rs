use serde::{Deserialize, Serialize};

use super::account::ComparedRun;
use super::course::ComparedStep;
use super::environment::{self, PlaceDifference};
use super::pace::Pace;
use super::places::pairs;
use super::{Change, runs};
use crate::run::{Place, PlaceFate, RunDocument, TraceDifference};
use imglock_core::{Backend, ScenarioName};

/// What is different between an older and a newer document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How many times as long a run must take to be called slower.
    pub slower: f64,
    /// Whether the older runs had all ended.
    pub old_complete: bool,
    /// Whether the newer runs had all ended.
    pub new_complete: bool,
    /// What has become of each place and of its runs.
    pub places: Vec<PlaceChange>,
}

/// What has become of a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceChange {
    /// The older one.
    pub old: Option<Place>,
    /// The newer one.
    pub new: Option<Place>,
    /// What has become of it as a whole: broken where its kernel was lost.
    pub change: Change,
    /// What is not the same about the two.
    pub contrasts: Vec<PlaceDifference>,
    /// How long its runs take compared with before; `None` where there are too
    /// few.
    pub pace: Option<Pace>,
    /// What has become of each run, by scenario.
    pub runs: Vec<RunChange>,
}

/// What has become of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunChange {
    /// The scenario.
    pub scenario: ScenarioName,
    /// On which locks.
    pub backend: Backend,
    /// Who played.
    pub subject: String,
    /// What has become of it.
    pub change: Change,
    /// What it came to before.
    pub old: Option<ComparedRun>,
    /// What it comes to now.
    pub new: Option<ComparedRun>,
    /// The names of the images, by their index in a lock table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The first step that is different, of what is broken, fixed or changed.
    pub parting: Option<TraceDifference>,
    /// The steps up to that one, or to the one that a judge objects to.
    pub course: Vec<ComparedStep>,
    /// How many times as long it takes, of what is slower.
    pub times: Option<f64>,
}

impl Comparison {
    /// Compares `new` with `old`. A run that takes more than `slower` times as
    /// long as before is called slower, where the others do not.
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

    /// Whether something is broken, a run or a place.
    pub fn is_broken(&self) -> bool {
        self.count(Change::Broken) > 0
            || self.places.iter().any(|place| place.change == Change::Broken)
    }

    /// Of how many runs, of all places, this has become.
    pub fn count(&self, change: Change) -> usize {
        self.places.iter().map(|place| place.count(change)).sum()
    }
}

impl PlaceChange {
    /// Of how many of its runs this has become.
    pub fn count(&self, change: Change) -> usize {
        self.of(change).count()
    }

    /// The runs of which this has become.
    pub fn of(&self, change: Change) -> impl Iterator<Item = &RunChange> {
        self.runs.iter().filter(move |run| run.change == change)
    }

    /// Its newer side, or the older one where there is no other.
    pub fn place(&self) -> Option<&Place> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// What has become of a place, its runs aside.
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
