//! Faults that can be planted into the workers, to check that the harness would
//! detect them.
//!
//! Most faults are in a lock call or in the steps that acquire a claim.
//! [`Faulty`] implements these. It stands between a worker and the kernel, and
//! [`imglock_core`] knows of no faults. The other faults are in a worker's use
//! of descriptors and processes; the worker implements those.

mod catalog;
mod faulty;
mod memory;
mod ranges;
mod surroundings;
mod waits;

pub use catalog::{Fault, FaultPlace};
pub use faulty::Faulty;
pub use memory::Memory;
pub use surroundings::{Purpose, Surroundings};
