//! Scenarios, read from their KDL text.
//!
//! A scenario is data. It starts no process, and cannot name a command or a path outside its own
//! directory, so it is safe to run a scenario from an unknown source.

mod action;
mod body;
mod claim;
mod document;
mod draft;
mod expect;
mod head;
mod held;
mod matrix;
mod names;
mod parse;
mod scope;
mod statement;
mod story;
mod unroll;
mod verb;
mod writing;

use crate::text::TextError;
use crate::word;

pub use document::{Block, Item, Scenario, Step};
pub use matrix::ModeMatrix;
pub use statement::{Expectation, HeldEntry, HeldStatement, ImageDeclaration};
pub use story::Story;

/// The problems of a text that is not a valid scenario or mode matrix.
pub type ScenarioError = TextError;
