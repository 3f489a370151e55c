//! Engine of `imglock`: finds out whether image locks hold.
//!
//! Programs that open one disk image at the same time keep out of each
//! other's way by byte-range locks. This crate starts real processes that open
//! an image in declared modes, lets the real kernel decide, and judges each
//! outcome three ways: by what a scenario says, by a model of the kernel, and
//! by the contract that of conflicting openers only the first succeeds.
//!
//! # Words
//!
//! An *image* is the file that several processes open. Whoever opens it makes
//! a [`Claim`](image::Claim): the permissions it holds, and those it lets
//! others take meanwhile. A claim with a name is a [`Mode`](image::Mode), such
//! as `rw`. Each permission that is held, and each that is not shared, is a
//! read lock on one *lock byte*, taken from the kernel through a
//! [`Backend`](lock::Backend): open file description locks or POSIX locks.
//!
//! A [`Scenario`](scenario::Scenario) tells a story in steps. In a step an
//! *actor* (a process, or a thread of one) carries out an
//! [`Action`](step::Action), often on a *node* (an image that it has open),
//! and an [`Outcome`](step::Outcome) comes of it: `granted`, `refused write`,
//! an errno. What happened is kept in a [`Trace`](run::Trace). What a judge
//! has to say about it is a [`Finding`](run::Finding), and the findings decide
//! the [`Verdict`](run::Verdict). A [`Hazard`](step::Hazard) is a way in which
//! the contract is known to break: a scenario that declares one fails when it
//! does *not* happen.
//!
//! # A complete example
//!
//! A test of another project, with `harness = false` in its `Cargo.toml`:
//! harness/tests/embedding.rs is one that also counts and reports.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use imglock_harness::lock::Backend;
//! use imglock_harness::process::StopToken;
//! use imglock_harness::run::{Casting, Job, Session, SessionOptions, Verdict};
//! use imglock_harness::scenario::Scenario;
//!
//! const STORY: &str = r#"
//!     summary "A second writer is refused, and let in once the first has gone"
//!     about "Each of them holds `write` and does not share it."
//!     vm1 open disk mode=rw
//!     vm2 open disk mode=rw { expect "refused write"; }
//!     vm1 kill
//!     vm2 open disk mode=rw { expect granted; }
//! "#;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // First of all: processes are made by starting this program again.
//!     imglock_harness::init();
//!
//!     let scenario = Arc::new(Scenario::parse("second-writer", file!(), STORY)?);
//!     let jobs = Backend::ALL.map(|backend| Job { scenario: Arc::clone(&scenario), backend, casting: Casting::default() });
//!     // Whoever has the trigger can stop the session, a signal handler for one.
//!     let (_trigger, stop) = StopToken::pair()?;
//!     // The directory's file system is the one that is tested.
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
//! Without a process, and so in any test, [`ByteClaims`](image::ByteClaims)
//! and [`TableLocks`](model::TableLocks) show what one opener does to another:
//!
//! ```
//! use imglock_harness::image::{ByteClaims, Mode};
//! use imglock_harness::lock::Backend;
//! use imglock_harness::model::TableLocks;
//!
//! let mut first = TableLocks::new(Backend::Ofd);
//! let mut second = first.in_another_process();
//! ByteClaims::default().change(&mut first, Mode::Rw.claim())?;
//! let refused = ByteClaims::default().change(&mut second, Mode::Rw.claim());
//! assert_eq!(refused.unwrap_err().to_string(), "Failed to get \"write\" lock");
//! # Ok::<(), imglock_harness::image::AcquireError>(())
//! ```
//!
//! [`Hold`](image::Hold) takes the same lock bytes from the kernel, in the
//! process that calls it.
//!
//! # Rooms
//!
//! Each module is a room on a floor. It uses rooms on floors below, never one
//! above, and none beside it.
//!
//! | floor | room | |
//! | --- | --- | --- |
//! | 8 | [`self_test`] | whether anybody would notice a fault |
//! | 7 | [`compare`] | what is different from another run, and what broke |
//! | 7 | [`known`] | what somebody wrote down as known to fail |
//! | 7 | [`sweep`] | many runs, summed up |
//! | 7 | [`probe`] | what locks are worth in a directory |
//! | 7 | [`drill`] | what QEMU's own commands do with its locks |
//! | 7 | [`explore`] | random scenarios, compared with the model step by step |
//! | 7 | [`handover`] | how long nobody holds an image while its guest moves |
//! | 7 | [`vm`] | other kernels, booted to run scenarios there |
//! | 7 | [`race`] | openers released at the same moment, again and again |
//! | 6 | [`run`] | one scenario on one backend: trace, findings, verdict |
//! | 5 | [`file_system`] | file systems made for the purpose, and mounts that nobody else sees |
//! | 5 | [`subject`] | who plays a process: our workers, or a QEMU |
//! | 4b | [`fuse`] | a file system served by a process of ours |
//! | 4b | [`qemu`] | which QEMUs there are, how they are started and spoken to |
//! | 4 | [`process`] | the launcher, the workers, and the messages between |
//! | 4 | [`holders`] | who has locks on an image, and what they let others do |
//! | 3 | [`scenario`] | what to try: a story read from its text |
//! | 3 | [`model`] | what must happen, worked out without the kernel |
//! | 3 | [`history`] | who had an image open when, and whether that can have been |
//! | 3 | [`lock_table`] | what the kernel says: /proc/locks and fdinfo |
//! | 2 | `arena` | the memory that the openers of a race share |
//! | 2 | [`step`] | actions, outcomes, hazards: the words all of these share |
//! | 1b | [`fault`] | what can be wrong, planted into our own workers |
//! | 1 | [`image`] | permissions, modes, lock bytes; acquiring and releasing |
//! | 0 | [`lock`] | one fcntl call; byte ranges |
//! | 0 | `series` | times, summed up |
//! | 0b | [`text`] | a KDL text of a person's, and what is wrong with it |
//! | 0 | [`Pattern`] | which scenarios somebody means |
//! | 0 | [`Shard`] | one machine's part of a long work |
//! | 0 | `word` | the word that was most likely meant |
//! | 0 | `raw` | calls without a safe interface, and all unsafe code |
//!
//! Data goes one way:
//!
//! ```text
//! text ─▶ Scenario ─▶ steps ─▶ requests to processes ─▶ Trace
//!                       │                                 │
//!                       └─▶ model ─▶ predictions ─▶ judges ─▶ Findings ─▶ ScenarioResult
//! ```
//!
//! The judges watch the trace as it grows, and the first fault ends the run.
//! The model shares no code with [`image`]'s way of acquiring, and the
//! contract looks neither at the model nor at what the scenario expects: a
//! mistake in one of them shows as a difference to the others.

mod arena;
pub mod compare;
pub mod drill;
pub mod explore;
pub mod fault;
pub mod file_system;
pub mod fuse;
pub mod handover;
pub mod history;
pub mod holders;
pub mod image;
pub mod known;
mod lanes;
pub mod lock;
pub mod lock_table;
pub mod model;
mod pattern;
pub mod probe;
pub mod process;
pub mod qemu;
pub mod race;
mod raw;
pub mod run;
pub mod scenario;
pub mod self_test;
mod series;
mod shard;
pub mod step;
pub mod subject;
pub mod sweep;
pub mod text;
pub mod vm;
mod word;

pub use pattern::{ParsePatternError, Pattern};
pub use shard::{ParseShardError, Shard};

/// Turns this process into what it was started as, if that is a part of ours:
/// a launcher or a worker, the server of a file system, or the first program
/// of a guest.
///
/// Call it first in `main` of every program that runs scenarios. It returns
/// at once in an ordinary start, and never in the others. (Processes are made
/// by re-executing the program, because one with many threads must not fork.)
pub fn init() {
    let Ok(role) = std::env::var(process::ROLE) else { return };
    let parts = [process::run_as, fuse::run_as, vm::run_as];
    // Where none plays it, this is an ordinary start.
    if let Some(status) = parts.iter().find_map(|run_as| run_as(&role)) {
        std::process::exit(status);
    }
}
