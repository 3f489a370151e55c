//! Measures how well locks work on a file system, with real processes.
//!
//! [`availability`] only tests whether one process is granted a lock. The probe
//! tries each [`Property`] that QEMU relies on: real processes play a small
//! story ([`Engine::run_to_the_end`]), which is judged by itself. The probe also
//! measures how long a lock outlives its killed holder. The result is plain
//! data, a [`Probe`]; [`probe_meaning`] lists the consequences for QEMU.
//!
//! [`availability`]: imglock_locks::availability()
//! [`Engine::run_to_the_end`]: crate::run::Engine::run_to_the_end

mod advice;
mod data;
mod judge;
mod kill;
mod measure;
mod property;
mod series;
mod story;

pub use crate::series::TimeSpread;
pub use advice::{ProbeAdvice, probe_meaning};
pub use data::{Probe, ProbeAnswer, ProbeEvidence, ProbeMeasurement, ProbeStanding, ProbeTrial};
pub use measure::{ProbeError, probe};
pub use property::{ProbeTheme, Property};
pub use series::{ProbeDelays, ProbeTiming, ReleaseDelay};
