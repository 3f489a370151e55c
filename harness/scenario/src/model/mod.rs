//! The model: it predicts the outcome of each step without asking the kernel.
//!
//! [`World`] is a small model of Linux: images with names, processes with descriptor tables, open
//! file descriptions, and a byte-range lock table for each image. It also contains QEMU's lock
//! protocol, as a list of calls of which the first failure counts. It shares no code with the
//! protocol of the workers (`imglock_locks::ByteClaims`), so that a mistake there shows as a
//! difference and is not repeated here.
//!
//! A step is first predicted and then applied with its real outcome. So the model follows the run
//! where it could not predict an outcome.

mod adopt;
mod attempt;
mod change;
mod closing;
mod double;
mod extent;
mod footprint;
mod foresee;
mod fork;
mod images;
mod process;
mod reopen;
mod span;
mod table;
mod together;
mod verdict;
mod view;
mod wait;
mod world;

#[cfg(test)]
pub(crate) mod tests;

pub use double::TableLocks;
pub use world::World;

use imglock_core::{Errno, Outcome};

/// The prediction of the model for the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prediction {
    /// The step must have this outcome.
    Exactly(Outcome),
    /// The outcome is not determined. One clause states the reason.
    Unknown(String),
}

impl From<Outcome> for Prediction {
    fn from(outcome: Outcome) -> Prediction {
        Prediction::Exactly(outcome)
    }
}

impl Prediction {
    /// The outcome that the step must have, or `None` if it is not determined.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Prediction::Exactly(outcome) => Some(outcome),
            Prediction::Unknown(_) => None,
        }
    }
}

fn failed(errno: Errno) -> Outcome {
    Outcome::Failed(errno)
}
