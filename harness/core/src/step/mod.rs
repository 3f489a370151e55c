//! The vocabulary of a scenario's lines: what an actor can be told to do, and
//! what can come of it.
//!
//! These are plain data. A scenario is written in them, a worker is sent
//! them, the model predicts them and a trace records them, so that no room
//! has to translate for another.

mod action;
mod action_names;
mod file_system;
mod hazard;
mod line;
mod name;
mod outcome;
mod table;
mod verb;
mod verdict;

pub use action::{Action, ActionKind, ModeSpec, OpenOptions};
pub use action_names::ActionNames;
pub use file_system::FileSystem;
pub use hazard::Hazard;
pub use name::NodeName;
pub use outcome::{LockOwner, Outcome, ParseOutcomeError};
pub use table::TableLock;
pub use verdict::Verdict;
