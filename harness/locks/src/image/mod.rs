//! Acquires and releases the lock bytes of a claim as QEMU does.

mod acquire;
mod hold;
mod kind;
mod open;

pub use acquire::{AcquireError, ByteClaims};
pub use hold::{Hold, OpenError};
#[cfg(feature = "holders")]
pub(crate) use kind::not_an_image;
pub use open::open;
