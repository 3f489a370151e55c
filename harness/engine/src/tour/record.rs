use std::convert::Infallible;

use imglock_core::{Backend, PlaceName};
use imglock_scenario::KnownFailures;

use super::TourObserver;
use crate::run::{Job, Place, PlaceFate, RunDocument, ScenarioResult};

/// Runs so far at planned places: the state from which documents are made.
#[derive(Debug, Clone)]
pub struct TourRecord {
    /// The runs planned for each place where they make sense.
    pub planned: Vec<Job>,
    /// The names of the planned places, in their order.
    pub planned_places: Vec<PlaceName>,
    /// The places reached or missed so far.
    pub places: Vec<Place>,
    /// The results so far, in the order of their end.
    pub results: Vec<ScenarioResult>,
    known: KnownFailures,
}

impl TourRecord {
    /// `planned` runs at each of these places, before the first result.
    pub fn new(planned: Vec<Job>, planned_places: Vec<PlaceName>) -> TourRecord {
        let (places, results, known) = (Vec::new(), Vec::new(), KnownFailures::default());
        TourRecord { planned, planned_places, places, results, known }
    }

    /// Notes in each later result what is known of its run.
    #[must_use]
    pub fn knowing(self, known: KnownFailures) -> TourRecord {
        TourRecord { known, ..self }
    }

    /// The failures that are known.
    pub fn known(&self) -> &KnownFailures {
        &self.known
    }

    /// The number of results to expect: none from a skipped place, and no more
    /// from a lost one.
    pub fn expected(&self) -> usize {
        let missing = |place: &Place| match place.fate {
            PlaceFate::Reached => 0,
            PlaceFate::Skipped { .. } => self.planned_at(&place.name),
            PlaceFate::Lost { .. } => {
                self.planned_at(&place.name).saturating_sub(self.results_at(&place.name).count())
            }
        };
        let all: usize = self.planned_places.iter().map(|name| self.planned_at(name)).sum();
        all.saturating_sub(self.places.iter().map(missing).sum())
    }

    /// The number of planned runs that make sense at a place.
    pub fn planned_at(&self, place: &PlaceName) -> usize {
        let makes_sense = |job: &&Job| job.scenario.makes_sense_on(place.file_system);
        self.planned.iter().filter(makes_sense).count()
    }

    /// Whether every place was reached or missed, and every expected result is
    /// there.
    pub fn is_complete(&self) -> bool {
        self.places.len() >= self.planned_places.len() && self.results.len() == self.expected()
    }

    /// Whether the places have names: those made for the run, and those under
    /// a booted kernel, do.
    pub fn has_named_places(&self) -> bool {
        self.planned_places.len() > 1 || self.places.iter().any(|place| !place.name.is_here())
    }

    /// The results from a place.
    pub fn results_at(&self, place: &PlaceName) -> impl Iterator<Item = &ScenarioResult> {
        self.results.iter().filter(move |result| result.place == *place)
    }

    /// The lost places.
    pub fn lost(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.is_lost())
    }

    /// Whether there is a result on `backend`.
    pub fn ran_on(&self, backend: Backend) -> bool {
        self.results.iter().any(|result| result.backend == backend)
    }

    /// The part that other runs are compared with. It lists the places in
    /// their planned order.
    pub fn document(&self) -> RunDocument {
        RunDocument {
            schema: RunDocument::SCHEMA,
            complete: self.is_complete(),
            places: self.places.clone(),
            results: self.results.clone(),
        }
    }

    /// Sorts the places in their planned order: guests run at the same time.
    pub fn sort_places(&mut self) {
        let planned = &self.planned_places;
        self.places.sort_by_key(|place| planned.iter().position(|name| *name == place.name));
    }
}

impl TourObserver for TourRecord {
    type Stop = Infallible;

    fn arrive(&mut self, place: Place) -> Result<(), Infallible> {
        self.places.push(place);
        Ok(())
    }

    fn add(&mut self, mut result: ScenarioResult) -> Result<(), Infallible> {
        if let Some(place) = self.places.iter().find(|place| place.name == result.place) {
            result.known = self.known.of(&result.key(place));
        }
        self.results.push(result);
        Ok(())
    }

    fn leave(&mut self, place: Place) -> Result<(), Infallible> {
        match self.places.iter_mut().find(|known| known.name == place.name) {
            Some(known) => *known = place,
            None => self.places.push(place),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Environment;

    fn place(name: &str, fate: PlaceFate) -> Place {
        Place { fate, ..Place::reached(name.into(), Environment::default()) }
    }

    fn result(place: &str) -> ScenarioResult {
        let skipped = ScenarioResult::skipped(
            "contract/one",
            Backend::Ofd,
            "builtin".to_owned(),
            String::new(),
        );
        ScenarioResult { place: place.into(), ..skipped }
    }

    fn record() -> TourRecord {
        let text = "summary one\nabout \"A writer.\"\nvm1 open disk mode=rw";
        let scenario = imglock_scenario::Scenario::parse("contract/one", "one.kdl", text);
        let scenario = std::sync::Arc::new(scenario.expect("a scenario"));
        let (backend, casting) = (Backend::Ofd, Default::default());
        let job = Job { scenario, backend, casting };
        TourRecord::new(vec![job], vec!["6.1.0/ext4".into(), "6.1.0/xfs".into()])
    }

    #[test]
    fn a_record_is_complete_once_every_place_and_every_result_is_there() {
        let mut record = record();
        assert_eq!((record.expected(), record.is_complete()), (2, false));
        let Ok(()) = record.arrive(place("6.1.0/ext4", PlaceFate::Reached));
        assert!(!record.is_complete());
        let Ok(()) = record.add(result("6.1.0/ext4"));
        assert!(!record.is_complete(), "xfs is missing");
        let Ok(()) = record.arrive(place("6.1.0/xfs", PlaceFate::Skipped { why: "so".to_owned() }));
        assert_eq!((record.expected(), record.is_complete()), (1, true));
        assert!(record.document().complete);
    }

    #[test]
    fn a_lost_place_is_owed_nothing_more() {
        let mut record = record();
        let Ok(()) = record.arrive(place("6.1.0/ext4", PlaceFate::Reached));
        let lost = PlaceFate::Lost { why: "so".to_owned(), console: Vec::new() };
        let Ok(()) = record.leave(place("6.1.0/ext4", lost.clone()));
        assert_eq!(record.lost().count(), 1);
        // A guest tells of the places that it never reached only at its end.
        let Ok(()) = record.leave(place("6.1.0/xfs", lost));
        assert_eq!((record.expected(), record.is_complete()), (0, true));
    }

    #[test]
    fn places_are_sorted_as_planned() {
        let mut record = record();
        for name in ["6.1.0/xfs", "6.1.0/ext4"] {
            let Ok(()) = record.arrive(place(name, PlaceFate::Reached));
        }
        record.sort_places();
        let names: Vec<String> = record.places.iter().map(|one| one.name.to_string()).collect();
        assert_eq!(names, ["6.1.0/ext4", "6.1.0/xfs"]);
    }

    #[test]
    fn known_failures_are_noted_in_results() {
        let known = KnownFailures::parse("known.kdl", "known \"so\" {\n    file-system ext4\n}");
        let mut record = record().knowing(known.expect("a file of known failures"));
        for name in ["6.1.0/ext4", "6.1.0/xfs"] {
            let Ok(()) = record.arrive(place(name, PlaceFate::Reached));
            let Ok(()) = record.add(result(name));
        }
        let noted: Vec<bool> = record.results.iter().map(|one| one.known.is_some()).collect();
        assert_eq!(noted, [true, false]);
    }
}
