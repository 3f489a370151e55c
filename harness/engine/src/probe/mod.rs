//! What locking is worth on a file system, found out by trying it between
//! real processes.
//!
//! [`lock::availability`](imglock_locks::availability) asks one question of one
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

pub use crate::series::TimeSpread;
pub use advice::{ProbeAdvice, probe_meaning};
pub use data::{Probe, ProbeAnswer, ProbeEvidence, ProbeMeasurement, ProbeStanding, ProbeTrial};
pub use measure::{ProbeError, probe};
pub use property::{ProbeTheme, Property};
pub use series::{ProbeDelays, ProbeTiming, ReleaseDelay};
