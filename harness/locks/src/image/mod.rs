//! QEMU's way to acquire and release a claim's lock bytes.

mod acquire;
mod hold;
mod open;

pub use acquire::{AcquireError, ByteClaims};
pub use hold::{Hold, OpenError};
pub use open::open;
