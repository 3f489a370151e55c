//! What to try: a scenario read from its KDL text.
//!
//! A scenario is data. It starts no process and knows of none; it names no
//! command and no path outside its own directory, so running a stranger's
//! scenario is safe.

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

/// What is wrong with a text that is no scenario, or no mode matrix.
pub type ScenarioError = TextError;
