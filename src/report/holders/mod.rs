//! Who has locks on an image, told to people and to programs.

pub mod changes;
pub mod json;
mod owners;
mod since;
pub mod text;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
