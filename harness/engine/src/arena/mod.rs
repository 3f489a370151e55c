//! The memory that the openers of a race share: the barrier at which they meet,
//! the claims that each believes to hold, and the record of each opener.
//!
//! A *batch* is a number of rounds that openers run by themselves (type
//! [`RaceBatch`]). In a round all openers leave the [`Barrier`] together. Each opens
//! the image in a mode that was drawn for it, and closes the image before it
//! returns to the barrier. So no opening reaches from one round into the next.

mod barrier;
mod batch;
mod claims;
mod draw;
mod entry;
mod ledger;
mod memory;

pub use barrier::{Barrier, Left};
pub use batch::RaceBatch;
pub use claims::Claims;
pub use draw::{Jitter, drawn};
pub use entry::{Answered, RaceEntry};
pub use ledger::Ledger;
pub use memory::{Arena, MOST_OPENERS};
