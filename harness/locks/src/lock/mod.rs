//! One `fcntl` call, and which kinds of lock work on a file.

#[cfg(feature = "holders")]
mod availability;
mod kernel;

#[cfg(feature = "holders")]
pub use availability::{Availability, Visibility, availability};
pub use kernel::{KernelLocks, best_backend};
