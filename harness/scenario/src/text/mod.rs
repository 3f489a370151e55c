//! Texts in KDL that users write: parsing, the position of each word, and reporting each problem at its
//! position.

mod line;
mod nesting;
mod problem;
mod source;

pub(crate) use line::{Line, Reader, Value};
pub(crate) use problem::Problems;
pub use problem::{Problem, TextError};
