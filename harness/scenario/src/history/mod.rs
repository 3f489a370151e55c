//! Histories: when openers had an image open, and whether that is possible.
//!
//! Each opener records the time before it opens an image and after the answer, and the time before
//! it closes the image and after. It *certainly* holds its claim between the answer and the close.
//! It *may* have lock bytes from the attempt until it has closed the image. An [`Opening`] contains
//! all times of one opening.
//!
//! A history is judged by the contract alone. The judge uses neither the kernel nor the model, so
//! the history can come from any program.
//!
//! ```
//! use imglock_scenario::{OpenAnswer, OpeningEnd, HistoryMatter, HistoryOpener, Opening, HistoryTerms, HistoryVerdict, judge_history};
//! use imglock_core::Mode;
//! use imglock_core::Backend;
//!
//! let openers = ["vm1", "vm2"].map(|vm| HistoryOpener { name: format!("{vm}.disk"), process: vm.into() });
//! let stay = |opener, [attempt_ns, granted, from_ns, until_ns]: [u64; 4]| Opening {
//!     opener,
//!     claim: Mode::Rw.claim(),
//!     attempt_ns,
//!     answer: Some((granted, OpenAnswer::Granted)),
//!     end: Some(OpeningEnd::Closed { from_ns, until_ns }),
//! };
//! let terms =
//!     HistoryTerms { openers: &openers, backend: Backend::Ofd, complete: true, resolution_ns: 1 };
//!
//! // Granted while the first opener was closing: possible.
//! let stays = [stay(0, [0, 10, 50, 60]), stay(1, [20, 55, 90, 99])];
//! assert!(judge_history(&stays, &terms).is_valid());
//!
//! // Granted before the first opener began to close: impossible.
//! let stays = [stay(0, [0, 10, 50, 60]), stay(1, [20, 40, 90, 99])];
//! let HistoryVerdict::Invalid(finding) = judge_history(&stays, &terms).verdict else { panic!("two writers") };
//! assert!(matches!(finding.matter, HistoryMatter::TwoHolders { .. }));
//! ```
//!
//! # Rules
//!
//! 1. Two openers whose claims conflict never certainly hold the image at the same time.
//! 2. Every refusal has a cause: a conflicting opener that may have lock bytes at some time between
//!    the attempt and the answer. Locking several bytes is not atomic, so an attempt in progress
//!    can be the cause, even if it is refused itself.
//! 3. In a complete history, every lock that was granted is released.
//!
//! An opener without an answer and without a close may have been granted the image, for example
//! because it died in its attempt. It can be the cause of every later refusal, so such refusals are
//! possible, and the judgement names the *suspect*.
//!
//! The verdict is *unknown* if it depends on the rounding of the clock whether a rule is broken.
//! This concerns only times of two different openers: the order of the events of one opener is
//! known without a clock.
//!
//! # One owner for a whole process
//!
//! Under POSIX, the openers of one process are one owner of locks. This has these consequences:
//!
//! * They never conflict with each other. If two of them hold conflicting claims at the same time,
//!   this is [`Hazard::SameOwner`](imglock_core::Hazard::SameOwner). One of them is never the
//!   cause of a refusal of another.
//! * When one of them closes its descriptor, all lose their locks. So a holder whose sibling
//!   closed the image is no longer certain to hold it, and two conflicting holders of different
//!   processes may be [`Hazard::LockLoss`](imglock_core::Hazard::LockLoss). This is the hazard if
//!   the close can explain the second grant. Each opener locks first and tests then. If both are
//!   granted, one of them had locked before the other tested, and its locks were dropped before
//!   that test. It locked after its attempt began (not after its grant: bytes can be dropped while
//!   others are still being locked), and the other tested before its answer. So a close counts if
//!   it falls between the attempt of the one and the grant of the other, no matter which of them
//!   was granted first. A refused opener also closes its descriptor, and unlocks bytes that it
//!   shares with its siblings. So a refusal counts as a close at an unknown time between attempt
//!   and answer.
//! * Such a holder remains a possible cause of refusals. After the close of a sibling, the kernel
//!   has none of its locks, so it cannot cause a refusal there. But the opener has not released
//!   the image, so the contract allows the refusal, and it is correct where the locks were not
//!   lost (a file system that emulates them differently). The model decides whether the locks
//!   must be lost.

mod event;
mod file;
mod finding;
mod holding;
mod judge;
mod loss;
mod refusing;
mod span;
mod stay;
mod terms;
mod verdict;

pub use event::{HistoryEvent, HistoryEventKind, OpenerRole};
pub use file::{
    History, HistoryFile, HistoryHeader, HistoryImage, HistoryProblem, HistoryReadError,
};
pub use finding::{HistoryFinding, HistoryMatter, Neighbour, claim_conflict};
pub use judge::judge_history;
pub use stay::{OpenAnswer, Opening, OpeningEnd};
pub use terms::{HistoryOpener, HistoryTerms};
pub use verdict::{HistoryCounts, HistoryJudgement, HistoryVerdict, Shown, Suspected};

#[cfg(test)]
mod tests;
