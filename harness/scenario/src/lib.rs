//! Scenarios, model and histories: plain data and judging.

pub mod history;
pub mod known;
pub mod model;
mod pattern;
pub mod scenario;
pub mod text;
mod word;
pub use pattern::{ParsePatternError, Pattern};
