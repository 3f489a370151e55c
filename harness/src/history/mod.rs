//! Who had an image open when: what many openers wrote down, and whether it
//! can have been.
//!
//! Each opener notes the moment before it opens an image and the moment after
//! the answer, the moment before it closes and the moment after. Between the
//! answer and the close it surely holds what it claims; from the attempt until
//! it has closed it may have lock bytes. A [`Stay`] is all of that for one
//! opening.
//!
//! A history is judged by the contract alone. Neither the kernel nor the model
//! is asked, so it makes no difference whose history it is.

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

pub use event::{Event, EventKind, Role};
pub use file::{Header, History, HistoryFile, Image, Problem, ReadError};
pub use finding::{Finding, Matter, Neighbour, conflict};
pub use judge::judge;
pub use stay::{Answer, End, Stay};
pub use terms::{Opener, Terms};
pub use verdict::{Counts, Judgement, Shown, Verdict};

#[cfg(test)]
mod tests;
