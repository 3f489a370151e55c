//! What locking is worth on a file system, found out by trying it between
//! real processes.
//!
//! [`lock::availability`](imglock_locks::lock::availability) asks one question of one
//! process: is a lock granted? Here each [`Property`] that QEMU relies on is a
//! small story, played by real processes ([`Engine::run_to_the_end`]) and judged on
//! its own. How long a lock outlives its killed holder is measured beside
//! them. All of it is plain data, a [`Probe`]; [`meaning`] says what follows
//! from it for QEMU.
//!
//! [`Engine::run_to_the_end`]: crate::run::Engine::run_to_the_end

mod advice;
mod data;
mod judge;
mod kill;
mod measure;
mod property;
mod series;
mod story;

#[cfg(test)]
mod advice_tests;
#[cfg(test)]
mod judge_tests;

pub use crate::series::Spread;
pub use advice::{Advice, meaning};
pub use data::{Answer, Evidence, Measured, Probe, Standing, Trial};
pub use measure::{ProbeError, probe};
pub use property::{Property, Theme};
pub use series::{Delays, Release, Timing};
