//! Who holds locks on an image: every owner that the kernel knows, with its
//! processes, and what its locks let others do.
//!
//! [`survey`] looks at /proc/locks and at the descriptors of every process
//! that may be looked into. It takes no lock, and opens nothing but with
//! `O_PATH`, so it disturbs nobody. What it finds is plain data; whether a
//! [`Mode`](imglock_core::Mode) would be granted now is worked out from that
//! data by [`would_grant`].
//!
//! A *holder* is one owner of locks. An open file description owns OFD locks,
//! flock(2) locks and leases, and may be shared by many processes; a
//! descriptor table, in most cases that of one process, owns POSIX locks.
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
//! println!("a writer would be {}", if answer.is_granted() { "let in" } else { "refused" });
//! # Ok::<(), imglock_locks::SurveyError>(())
//! ```

mod answer;
mod danger;
mod facts;
mod grouping;
mod hidden;
mod picture;
mod protocol;
mod scan;
mod survey;
mod target;
mod waiters;

pub use answer::{HoldersAnswer, Obstacle, would_grant};
pub use danger::Danger;
pub use picture::{
    Explanation, Holder, HolderOwner, HolderProcess, OwnedLock, Survey, SurveyedImage,
    UnexplainedLock, UnlockedUser, Waiter,
};
pub use protocol::LockProtocol;
pub use survey::{SurveyError, survey, survey_settled};
