//! Which fault was noticed by whom.

mod grid;
mod list;
mod text;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use list::list;
pub use text::{so_far, write};
