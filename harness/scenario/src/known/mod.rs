//! What somebody wrote down as known to fail: where, since when, and why.
//!
//! A file of known failures is KDL, one `known` for each reason:
//!
//! ```text
//! known "The server is told nothing when an OFD lock's last descriptor closes" {
//!     scenario "contract/close-*" "names/*"
//!     backend ofd
//!     file-system fuse-locks
//!     kernel ">=6.1" "<6.5"
//!     expect fails
//!     link "https://..."
//! }
//! ```
//!
//! Of several that fit a run, the first in the order of the files counts.

mod condition;
mod entry;
mod expected;
mod file;
mod reading;
mod release;
#[cfg(test)]
mod tests;

pub use condition::{Condition, RunKey};
pub use entry::KnownEntry;
pub use expected::{ExpectedVerdict, Known, Standing};
pub use file::KnownFailures;
pub use release::{KernelBound, KernelRelease, ParseBoundError};
