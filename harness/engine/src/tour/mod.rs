//! Runs at several places, one after the other.
//!
//! ```text
//! jobs, file systems ─▶ Tour ─▶ arrive, add, leave ─▶ TourRecord ─▶ RunDocument
//! ```
//!
//! A [`Tour`] runs jobs in an existing directory, or on file systems that it
//! makes for the purpose, and tells a [`TourObserver`] of each place and each
//! result. Guests of `imglock-qemu` tell the same observer. A [`TourRecord`]
//! is the simplest observer: it knows what is complete, and makes documents.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use imglock_core::{Backend, FileSystem};
//! use imglock_engine::{Casting, Job, SessionOptions, StopToken, Tour, TourRecord};
//! use imglock_scenario::Scenario;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! imglock_engine::init();
//! let scenario = Arc::new(Scenario::parse("close", file!(), "summary s\nabout a\nvm1 open d mode=rw")?);
//! let jobs = vec![Job { scenario, backend: Backend::Ofd, casting: Casting::default() }];
//! let (_trigger, stop) = StopToken::pair()?;
//! // Before any other thread is started: it enters a mount namespace.
//! let options = SessionOptions::new(std::env::temp_dir(), stop);
//! let tour = Tour::prepare(jobs, &[FileSystem::Ext4, FileSystem::Tmpfs], options)?;
//! let mut record = TourRecord::new(tour.jobs().to_vec(), tour.places());
//! tour.go(&mut record)?;
//! assert!(record.is_complete());
//! println!("{} results", record.document().results.len());
//! # Ok(())
//! # }
//! ```

mod observer;
mod places;
mod record;
mod run;

pub use observer::TourObserver;
pub use record::TourRecord;
pub use run::{Tour, TourEnd};
