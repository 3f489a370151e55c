//! Acquires and releases the lock bytes of a claim as QEMU does.

mod acquire;
mod hold;
mod open;

pub use acquire::{AcquireError, ByteClaims};
pub use hold::{Hold, OpenError};
pub use open::open;
