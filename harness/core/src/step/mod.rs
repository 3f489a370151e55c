//! The vocabulary of scenario lines: the actions of an actor, and their outcomes.
//!
//! These types are plain data. Scenarios, messages to workers, predictions of the model and
//! traces all use them, so no translation between them is needed.

mod action;
mod action_names;
mod file_system;
mod hazard;
mod line;
mod lock_holder;
mod name;
mod outcome;
mod scenario_name;
mod table;
mod verb;
mod verdict;

pub use action::{Action, ActionKind, ModeSpec, OpenOptions};
pub use action_names::ActionNames;
pub use file_system::FileSystem;
pub use hazard::Hazard;
pub use lock_holder::LockHolder;
pub use name::NodeName;
pub use outcome::{LockOwner, Outcome, ParseOutcomeError};
pub use scenario_name::ScenarioName;
pub use table::TableLock;
pub use verdict::Verdict;
