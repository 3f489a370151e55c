//! Who had an image open when: what many openers wrote down, and whether it
//! can have been.
//!
//! Each opener notes the moment before it opens an image and the moment after
//! the answer, the moment before it closes and the moment after. Between the
//! answer and the close it *surely* holds what it claims; from the attempt
//! until it has closed it *may* have lock bytes. A [`Opening`] is all of that for
//! one opening.
//!
//! A history is judged by the contract alone. Neither the kernel nor the model
//! is asked, so it makes no difference whose history it is.
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
//! // Let in while the first was closing: that can be.
//! let stays = [stay(0, [0, 10, 50, 60]), stay(1, [20, 55, 90, 99])];
//! assert!(judge_history(&stays, &terms).is_valid());
//!
//! // Let in before the first was about to close: that cannot.
//! let stays = [stay(0, [0, 10, 50, 60]), stay(1, [20, 40, 90, 99])];
//! let HistoryVerdict::Invalid(finding) = judge_history(&stays, &terms).verdict else { panic!("two writers") };
//! assert!(matches!(finding.matter, HistoryMatter::TwoHolders { .. }));
//! ```
//!
//! # Rules
//!
//! 1. Two whose claims conflict never surely hold at the same time.
//! 2. Whoever is refused has a cause: somebody who offends may have lock bytes
//!    at some time between attempt and answer. Locking many bytes is not
//!    atomic, so an attempt in flight is a cause, even one that is itself
//!    refused.
//! 3. In a complete history every lock that was granted is let go.
//!
//! A verdict is *unknown* when one of these is broken or not depending on how
//! the clock rounded. Only moments of two openers are compared so: that an
//! opener's own events come in their order is known without a clock.
//!
//! # One owner for a whole process
//!
//! Under POSIX the openers of one process are one owner of locks. Then:
//!
//! * They never conflict. If the claims of two who hold at the same time do,
//!   that is [`Hazard::SameOwner`](imglock_core::Hazard::SameOwner), and one
//!   never is the cause of another's refusal.
//! * When one of them closes its descriptor, all lose their locks. So a holder
//!   whose sibling closed is no longer sure to hold, and two conflicting
//!   holders of different processes may be
//!   [`Hazard::LockLoss`](imglock_core::Hazard::LockLoss). They are if the
//!   close can be what let the second in. Each locks first and looks then; if
//!   both are granted, one of the two had locked before the other looked, and
//!   had nothing locked any more when it did. It locked after its attempt began
//!   (not: after its grant; bytes can go while others are still being locked),
//!   and the other looked before it had its answer. So a close counts that
//!   falls between the one's attempt and the other's grant, whichever of the
//!   two was granted first. One that is refused closes, too, and unlocks bytes
//!   that its siblings share with it; so a refusal counts as a close, at an
//!   unknown moment between attempt and answer.
//! * Such a holder remains a cause of refusals. After a sibling's close the
//!   kernel has none of its locks, and a refusal on its account cannot be; but
//!   the opener has not let go, so the contract allows it, and where locks
//!   were not lost (a file system that emulates them otherwise) it is right.
//!   That they must be lost is for the model to say.

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
pub use verdict::{HistoryCounts, HistoryJudgement, HistoryVerdict, Shown};

#[cfg(test)]
mod tests;
