//! The calls of fcntl(2) for one file, and the kinds of locks that work in a directory.

#[cfg(feature = "holders")]
mod availability;
mod kernel;

#[cfg(feature = "holders")]
pub use availability::{Availability, Visibility, availability};
pub use kernel::{KernelLocks, best_backend};
