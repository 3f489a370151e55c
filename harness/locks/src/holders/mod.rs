//! The holders of an image: every owner of locks that the kernel reports, with its processes, and
//! the opens that the locks still allow.
//!
//! [`survey`] reads /proc/locks and inspects the descriptors of every process for which it has
//! permission. It acquires no lock and opens files only with `O_PATH`, so it does not affect other
//! processes. The result is plain data. From it, [`would_grant`] computes whether an open with a
//! [`Mode`](imglock_core::Mode) would be granted now.
//!
//! A *holder* is one owner of locks. An open file description owns OFD locks, flock(2) locks and
//! leases, and several processes can share it. A descriptor table, usually that of one process,
//! owns POSIX locks.
//!
//! ```no_run
//! use imglock_locks::{survey, would_grant};
//! use imglock_core::Mode;
//!
//! let seen = survey(&["/var/lib/images/disk.img"])?;
//! for holder in &seen.images[0].holders {
//!     for process in &holder.processes {
//!         println!("pid {} {}: {:?}", process.pid, process.comm, holder.modes());
//!     }
//! }
//! let answer = would_grant(&seen.images[0], Mode::Rw.claim());
//! println!("a writer would be {}", if answer.is_granted() { "granted" } else { "refused" });
//! # Ok::<(), imglock_locks::SurveyError>(())
//! ```

mod answer;
mod credentials;
mod danger;
mod descriptor;
mod devices;
mod explanation;
mod facts;
mod grouping;
mod hidden;
mod holder_process;
mod image_state;
mod owned_lock;
mod pass;
mod picture;
mod proc;
mod protocol;
mod scan;
mod served_clients;
mod sight;
mod stat;
mod survey;
mod survey_error;
mod surveyor;
mod target;
mod task;
mod unseen;
mod waiters;
mod writers;

pub use answer::{FailedTest, Forecast, HoldersAnswer, Obstacle, would_grant};
pub use danger::Danger;
pub use explanation::Explanation;
pub use hidden::HiddenHolder;
pub use holder_process::HolderProcess;
pub use image_state::ImageState;
pub use owned_lock::OwnedLock;
pub use picture::{
    FormerUser, Holder, HolderOwner, Survey, SurveyedImage, UnexplainedLock, UnlockedUser, Waiter,
};
pub use protocol::LockProtocol;
pub use served_clients::ServedClients;
pub use survey::{survey, survey_settled};
pub use survey_error::SurveyError;
pub use surveyor::{PathChange, Surveyor};
pub(crate) use target::expected_key;
pub use unseen::{Capability, Unseen, UnseenReason};
