use crate::run::{Place, ScenarioResult};

/// An observer of runs at places: it learns of each place, of each result
/// there, and of the final state of the place, in this order.
///
/// The observer also learns of a place that cannot be reached; it has no results.
pub trait TourObserver {
    /// Why the observer ends the tour, such as a report that cannot be
    /// written.
    type Stop;

    /// The tour has reached `place`, or cannot reach it.
    ///
    /// # Errors
    /// The tour is to end.
    fn arrive(&mut self, place: Place) -> Result<(), Self::Stop>;

    /// A run has ended; the result names its place.
    ///
    /// # Errors
    /// The tour is to end.
    fn add(&mut self, result: ScenarioResult) -> Result<(), Self::Stop>;

    /// The tour has left `place`, which is its final state: it may have been
    /// lost meanwhile.
    ///
    /// # Errors
    /// The tour is to end.
    fn leave(&mut self, place: Place) -> Result<(), Self::Stop>;
}
