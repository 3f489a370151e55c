//! What each step must do, worked out without asking the kernel.
//!
//! [`World`] is a small Linux: images with names, processes with descriptor
//! tables, open file descriptions, and a byte-range lock table per image. On
//! top of it stands QEMU's lock protocol, restated as a list of calls and the
//! first of them that fails. It shares no code with the protocol that workers
//! run ([`imglock_locks::ByteClaims`]): a mistake there must show as a
//! difference, not repeat itself here.
//!
//! A step is first predicted and then applied with the outcome that it really
//! had, so that the model follows the run where it could not foresee it.

mod adopt;
mod attempt;
mod change;
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
mod view;
mod wait;
mod world;

#[cfg(test)]
pub(crate) mod tests;

pub use double::TableLocks;
pub use world::World;

use imglock_core::Errno;

use imglock_core::Outcome;

/// What the model says of a step that is yet to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prediction {
    /// The step must have this outcome.
    Exactly(Outcome),
    /// The outcome is not determined; one clause says why.
    Unknown(String),
}

impl From<Outcome> for Prediction {
    fn from(outcome: Outcome) -> Prediction {
        Prediction::Exactly(outcome)
    }
}

impl Prediction {
    /// The outcome that the step must have; `None` where it is not determined.
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
