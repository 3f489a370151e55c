//! What to try: a scenario read from its KDL text.
//!
//! A scenario is data. It starts no process and knows of none; it names no
//! command and no path outside its own directory, so running a stranger's
//! scenario is safe.

mod document;
mod statement;

pub use document::{Block, Item, Scenario, Step};
pub use statement::{Expectation, HeldEntry, HeldStatement, ImageDeclaration};
