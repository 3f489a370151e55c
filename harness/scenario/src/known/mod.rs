//! Known failures: the runs that are expected to fail, and the reason.
//!
//! A file of known failures is a KDL file with one `known` for each reason:
//!
//! ```text
//! known "The server is not notified when the last descriptor of an OFD lock closes" {
//!     scenario "contract/close-*" "names/*"
//!     backend ofd
//!     file-system fuse-locks
//!     kernel ">=6.1" "<6.5"
//!     expect fails
//!     link "https://..."
//! }
//! ```
//!
//! If several entries match a run, the first one applies, in the order of the files.

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
