//! Compares two documents of runs, and finds regressions.
//!
//! [`Comparison::of`] first pairs the places of the older and the newer
//! document. Then it pairs their runs by scenario, backend and subject, and
//! determines the change of each run.
//!
//! A run that fails in the newer document is *broken* unless it fails in the
//! older one: there it may have passed, been skipped, or be missing. A known
//! failure in the newer document is never broken.

mod account;
mod change;
mod comparison;
mod course;
mod environment;
mod pace;
mod places;
mod runs;
#[cfg(test)]
mod tests;

pub use account::{ComparedFinding, ComparedRun};
pub use change::Change;
pub use comparison::{Comparison, PlaceChange};
pub use course::ComparedStep;
pub use environment::PlaceDifference;
pub use pace::Pace;
pub use runs::RunChange;
