//! Calls the kernel for locks.

#[cfg(feature = "holders")]
pub mod holders;
pub mod image;
pub mod lock;
#[cfg(feature = "holders")]
pub mod lock_table;
#[cfg(feature = "holders")]
pub mod raw;
