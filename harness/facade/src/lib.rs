//! Multi-process conflict tests for disk image locks, for the tests of other projects.
//!
//! This crate is one door to the crates of `imglock`. It starts real processes that open an image in
//! declared modes, lets the running kernel decide, and judges each outcome three ways: by the
//! scenario's expectations, by a model of the kernel, and by the contract that of conflicting openers
//! only the first succeeds.
//!
//! # A complete example
//!
//! A test of another project, with `harness = false` in its `Cargo.toml`.
//! `tests/embedding.rs` of this crate also reads scenario files, counts and reports.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use imglock_harness::prelude::*;
//!
//! const STORY: &str = r#"
//!     summary "A second writer is refused, and granted once the first has exited"
//!     about "Each writer holds `write` and does not share it."
//!     vm1 open disk mode=rw
//!     vm2 open disk mode=rw { expect "refused write"; }
//!     vm1 kill
//!     vm2 open disk mode=rw { expect granted; }
//! "#;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // First in `main`: the engine starts this program again as its workers.
//!     imglock_harness::init();
//!
//!     let scenario = Arc::new(Scenario::parse("second-writer", file!(), STORY)?);
//!     let jobs = Backend::ALL.map(|backend| {
//!         let casting = Casting::default();
//!         Job { scenario: Arc::clone(&scenario), backend, casting }
//!     });
//!     // The trigger stops the session, in a signal handler for example.
//!     let (_trigger, stop) = StopToken::pair()?;
//!     // The file system of this directory is tested.
//!     let options = SessionOptions::new(std::env::temp_dir(), stop);
//!     for result in Session::start(jobs.to_vec(), options)? {
//!         let result = result?;
//!         println!("{} on {}: {}", result.scenario, result.backend, result.verdict);
//!         assert_eq!(result.verdict, Verdict::Passed, "{}", result.reason);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Without a process
//!
//! [`ModeMatrix`](prelude::ModeMatrix), [`World`](prelude::World) and
//! [`TableLocks`](prelude::TableLocks) answer in any test:
//!
//! ```
//! use imglock_harness::prelude::*;
//!
//! let mut first = TableLocks::new(Backend::Ofd);
//! let mut second = first.in_another_process();
//! first.set(LockType::Read, RangeSpec::byte(100))?;
//! assert!(second.set(LockType::Write, RangeSpec::byte(100)).is_err());
//! # Ok::<(), LockError>(())
//! ```
//!
//! # Features
//!
//! * `qemu`: QEMU's programs as openers, drills of its lock loss, and guests (`imglock-qemu`).
//!
//! # Invariant
//!
//! Invariant: this crate has no code of its own but [`init`].

pub use imglock_engine as engine;
#[cfg(feature = "qemu")]
pub use imglock_qemu as qemu;
pub use {imglock_core as core, imglock_scenario as scenario};

/// The names that a test of scenarios needs.
pub mod prelude {
    pub use imglock_core::{
        Backend, ByteLocks, ByteRange, Claim, Hazard, LockError, LockType, Mode, Outcome,
        RangeSpec, Verdict,
    };
    pub use imglock_engine::{
        Casting, HarnessError, Job, ScenarioResult, Session, SessionOptions, StopToken,
        StopTrigger, Tour, TourRecord,
    };
    pub use imglock_scenario::{ModeMatrix, Scenario, ScenarioError, TableLocks, World};
}

/// Turns this process into the part that it was started as: a launcher, a worker, the server of a
/// file system, or, with the feature `qemu`, the first program of a guest.
///
/// Call it first in `main` of every program that runs scenarios. It returns at once in an ordinary
/// start and never in these. The engine makes processes by executing the program again, because a
/// program with several threads must not fork.
pub fn init() {
    #[cfg(feature = "qemu")]
    imglock_qemu::init();
    #[cfg(not(feature = "qemu"))]
    imglock_engine::init();
}
