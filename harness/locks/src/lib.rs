//! Calls the kernel for locks.

#[cfg(feature = "holders")]
mod holders;
mod image;
mod lock;
#[cfg(feature = "holders")]
mod lock_table;
#[cfg(feature = "holders")]
mod raw;

#[cfg(feature = "holders")]
pub use holders::{
    Danger, Explanation, Holder, HolderOwner, HolderProcess, HoldersAnswer, LockProtocol, Obstacle,
    OwnedLock, Survey, SurveyError, SurveyedImage, UnexplainedLock, UnlockedUser, Waiter, survey,
    survey_settled, would_grant,
};
pub use image::{AcquireError, ByteClaims, Hold, OpenError, open};
pub use lock::{Availability, KernelLocks, Visibility, availability};
#[cfg(feature = "holders")]
pub use lock_table::{FileKey, LockClass, LockLine, LockTable, WatchedDescriptor, waiting_lines};
