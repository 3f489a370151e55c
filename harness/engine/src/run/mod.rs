//! Runs one scenario on one backend with one casting, and judges the run.
//!
//! Real processes perform the steps of a
//! [`Scenario`](imglock_scenario::Scenario). The harness records their
//! outcomes in a [`Trace`]. Judges (the scenario file, the model, the contract)
//! check the trace as it grows; their [`Finding`]s decide the [`Verdict`].

mod blind;
mod books;
mod breach;
mod cast;
mod casting;
mod contract;
mod document;
mod engine;
mod environment;
mod error;
mod finding;
mod held;
#[cfg(test)]
mod history;
mod judgement;
mod moment;
mod mounts;
mod parting;
mod perform;
mod place;
mod rehearsal;
mod result;
mod runner;
mod scrutiny;
mod session;
mod simultaneous;
mod trace;
mod waiting;

pub use casting::Casting;
pub use document::{RunDocument, RunLine};
pub use engine::{Engine, EngineOptions, RunOptions};
pub use environment::Environment;
pub use error::HarnessError;
pub use finding::{Finding, Judge};
pub(crate) use judgement::{NO_LOCKS, NOT_THE_MODELS};
pub use moment::Snapshot;
pub use parting::{DifferenceKind, TraceDifference};
pub use place::{Boot, Place, PlaceFate};
pub use rehearsal::rehearse;
pub use result::ScenarioResult;
pub(crate) use result::microseconds;
pub use scrutiny::Scrutiny;
pub(crate) use session::raise_descriptor_limit;
pub use session::{Job, Session, SessionOptions};
pub use trace::{Event, EventKind, ProcessEntry, SimultaneousStarts, StepEvent, Trace};
