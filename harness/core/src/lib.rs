//! The words of image locks, as types.
//!
//! Invariant: this crate makes no system call and depends on no crate that can.

mod errno;
pub mod image;
pub mod lock;
pub mod step;

pub use errno::Errno;
