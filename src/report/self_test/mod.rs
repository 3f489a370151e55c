//! Which planted fault was caught by which detector.

mod grid;
mod list;
mod table;
mod text;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use list::list;
pub use text::{so_far, write};
