//! Faults that can be planted into our own workers, so that it can be tried
//! whether anybody would notice.
//!
//! Most of them are in a lock call or in the way a claim is acquired, and so
//! in [`Faulty`], which stands between a worker and the kernel: nothing in
//! [`imglock_core::image`] or [`imglock_core::lock`] knows of faults. The others are in what
//! a worker does with descriptors and processes; those are the worker's.

mod catalog;
mod faulty;
mod memory;
mod ranges;
mod waits;

pub use catalog::{Fault, FaultPlace};
pub use faulty::{Faulty, Purpose, Surroundings};
pub use memory::Memory;
