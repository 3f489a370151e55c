//! One scenario, one backend, one subject: run it, and judge what came of it.
//!
//! The steps of a [`Scenario`](crate::scenario::Scenario) are sent to real
//! processes; what they do becomes a [`Trace`]; three judges look at the trace
//! as it grows; their [`Finding`]s make the [`Verdict`].

mod finding;
mod result;
mod trace;

pub use finding::{Finding, Judge};
pub use result::{ScenarioResult, Subject, Verdict};
pub use trace::{Event, EventKind, ProcessEntry, StepEvent, Trace};
