//! The holders of locks on an image, for people and for programs.

pub mod chain;
pub mod changes;
mod heading;
pub mod json;
mod owners;
mod reach;
mod served;
mod since;
pub mod text;
mod unseen;
mod users;
mod words;

pub use since::Clock;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
