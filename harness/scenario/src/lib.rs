//! Scenarios of image locks, a model that predicts their outcomes, and a judge of histories.
//!
//! A *scenario* ([`Scenario`]) is a KDL file with the steps of several processes on a disk image and
//! the expected outcomes. The *model* ([`World`]) predicts each outcome from the rules of the kernel
//! and of QEMU. [`KnownFailures`] lists the runs that are expected to fail:
//!
//! ```
//! use imglock_scenario::Scenario;
//!
//! let text = r#"
//!     summary "Two writers exclude each other"
//!     about "Each holds `write` and does not share it."
//!     vm1 open disk mode=rw
//!     vm2 open disk mode=rw { expect "refused write"; }
//! "#;
//! let scenario = Scenario::parse("two-writers", "two-writers.kdl", text)?;
//! assert_eq!(scenario.actors(), ["vm1", "vm2"]);
//! # Ok::<(), imglock_scenario::ScenarioError>(())
//! ```
//!
//! A *history* ([`History`]) is a log of the openings of an image by any program.
//! [`judge_history`] decides whether it is possible if the locks work:
//!
//! ```
//! use imglock_scenario::History;
//!
//! let log = r#"{"schema":1,"resolution_ns":1,"complete":false,"backend":"ofd"}
//! {"at_ns":10,"opener":"vm1","event":"open","mode":"rw"}
//! {"at_ns":20,"opener":"vm1","event":"granted"}
//! {"at_ns":30,"opener":"vm2","event":"open","mode":"rw"}
//! {"at_ns":40,"opener":"vm2","event":"granted"}
//! "#;
//! let history = History::read("log.jsonl", log.as_bytes())?;
//! assert!(!history.judge().is_valid()); // Two writers had the image at the same time.
//! # Ok::<(), imglock_scenario::HistoryReadError>(())
//! ```
//!
//! # Invariant
//!
//! Invariant: this crate makes no system call and knows of no process, file system or lock of the
//! running machine; it contains plain data and decides from that data alone.

mod history;
mod known;
mod model;
mod pattern;
mod scenario;
mod text;
mod word;

pub use history::{
    History, HistoryCounts, HistoryEvent, HistoryEventKind, HistoryFile, HistoryFinding,
    HistoryHeader, HistoryImage, HistoryJudgement, HistoryMatter, HistoryOpener, HistoryProblem,
    HistoryReadError, HistoryTerms, HistoryVerdict, Neighbour, OpenAnswer, OpenerRole, Opening,
    OpeningEnd, Shown, Suspected, claim_conflict, judge_history,
};
pub use known::{
    Condition, ExpectedVerdict, KernelBound, KernelRelease, Known, KnownEntry, KnownFailures,
    ParseBoundError, RunKey, Standing,
};
pub use model::{Prediction, TableLocks, World};
pub use pattern::{ParsePatternError, Pattern};
pub use scenario::{
    Block, Expectation, HeldEntry, HeldStatement, ImageDeclaration, Item, ModeMatrix, Scenario,
    ScenarioError, Step, Story,
};
pub use text::{Problem, TextError};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
