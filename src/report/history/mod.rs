//! What a judge says of a history, and the events that prove it, drawn.

mod drawing;
pub mod json;
mod names;
pub mod text;
mod words;

#[cfg(test)]
mod tests;

pub use drawing::draw;
pub use names::Names;
pub use words::sentence;
