//! What is different between two documents of runs, and what of it is worse.
//!
//! The older one is what is compared with. [`Comparison::of`] first finds out
//! which places of the two belong together, then matches their runs by
//! scenario, backend and subject, and says of each what has become of it.
//!
//! Whatever fails in the newer document and does not fail in the older one is
//! *broken*, whether the older one has it passed, skipped, or not at all. A
//! failure that is known of in the newer one never is.

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
pub use comparison::{Comparison, PlaceChange, RunChange};
pub use course::ComparedStep;
pub use environment::PlaceDifference;
pub use pace::Pace;
