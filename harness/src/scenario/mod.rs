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
mod line;
mod matrix;
mod names;
mod nesting;
mod parse;
mod problem;
mod scope;
mod source;
mod statement;
mod story;
mod unroll;
mod verb;
mod writing;

use crate::word;

pub use document::{Block, Item, Scenario, Step};
pub use matrix::ModeMatrix;
pub use problem::{Problem, ScenarioError};
pub use statement::{Expectation, HeldEntry, HeldStatement, ImageDeclaration};
