//! The memory that the openers of a race share: where they wait for each
//! other, where each says what it believes to hold, and where each writes down
//! what it did.
//!
//! A *heat* is a number of rounds that openers run by themselves. In a round
//! all of them leave the [`Barrier`] together; each opens the image in a mode
//! that was drawn for it, and closes it before it comes to the barrier again.
//! So no opening reaches from one round into the next.

mod barrier;
mod claims;
mod draw;
mod entry;
mod heat;
mod ledger;
mod memory;

pub use barrier::{Barrier, Left};
pub use claims::Claims;
pub use draw::{Jitter, drawn};
pub use entry::{Answered, RaceEntry};
pub use heat::Heat;
pub use ledger::Ledger;
pub use memory::{Arena, MOST_OPENERS};
