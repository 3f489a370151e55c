//! The verdict about a history, and the events that prove it, drawn.

mod drawing;
pub mod json;
mod names;
pub mod text;
mod words;

#[cfg(test)]
mod tests;

use drawing::draw;
pub use names::Names;
pub use words::sentence;
