//! A KDL text that a person wrote: read, taken apart with the spot of each
//! word, and everything that is wrong with it told at that spot.

mod line;
mod nesting;
mod problem;
mod source;

pub(crate) use line::{Line, Reader, Value};
pub(crate) use problem::Problems;
pub use problem::{Problem, TextError};
