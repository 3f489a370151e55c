//! The holders of locks on an image, for people and for programs.

pub mod changes;
pub mod json;
mod owners;
mod since;
pub mod text;
mod users;
mod words;

pub use since::Clock;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
