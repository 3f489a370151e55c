//! QEMU's image locks, as calls to the running kernel.
//!
//! QEMU protects a disk image with read locks on single bytes (block/file-posix.c). This crate
//! acquires and releases the same bytes in the same order, so that another VMM or a backup tool
//! excludes QEMU and is excluded by it:
//!
//! ```
//! use imglock_locks::{Hold, Locking, Mode};
//!
//! let image = tempfile::NamedTempFile::new()?;
//! let mut writer = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto)?;
//! let mut second = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto)?;
//! writer.acquire()?;
//! assert_eq!(second.acquire().unwrap_err().to_string(), "Failed to get \"write\" lock");
//!
//! drop(writer); // Closes the image and so releases its lock bytes.
//! second.acquire()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`Hold`]: an image that is open with a claim.
//! * [`ByteClaims`]: QEMU's protocol on any implementation of
//!   [`ByteLocks`](imglock_core::ByteLocks).
//! * [`KernelLocks`]: the lock calls of fcntl(2) on one descriptor.
//!
//! # Features
//!
//! Both features are off by default.
//!
//! * `holders`: reads /proc/locks and fdinfo, and finds the processes that hold an image
//!   (`survey`, `LockTable`, `availability`), the clients of the kernel's NFS server that use it
//!   (`ServedClients`), the files below a qcow2 overlay (`Chain`), and, from sysfs
//!   and mountinfo, the users of the same bytes that lock nothing (`DataUsers`). It asks the kernel about
//!   locks that no table shows (`Inquiry`). Adds the dependencies procfs, rustix, strum and
//!   tempfile.
//! * `serde`: [`serde`](https://serde.rs) serialization of the results.
//!
//! # Invariant
//!
//! Invariant: this crate knows nothing of scenarios, of the model or of any started process; it
//! calls the kernel only for locks, for opening images and, with `holders`, for reading /proc, /sys
//! and the list of rpc.statd, and for asking loop devices for their files.

#[cfg(feature = "holders")]
mod ask;
#[cfg(feature = "holders")]
mod chain;
#[cfg(feature = "holders")]
mod holders;
mod image;
mod lock;
#[cfg(feature = "holders")]
mod lock_table;
#[cfg(feature = "holders")]
mod raw;
#[cfg(feature = "holders")]
mod reach;
#[cfg(feature = "holders")]
mod served;
#[cfg(feature = "holders")]
mod users;

#[cfg(feature = "holders")]
pub use ask::{Answer, ByteAnswers, ForeignLock, Inquiry, InquiryGap, NotAsked};
#[cfg(feature = "holders")]
pub use chain::{
    Chain, ChainAnswer, ChainFile, ChainName, ChainObstacle, ChainRole, ChainRules, ChainStop,
    HeaderError, ImageFormat, NameKind, would_grant_chain,
};
#[cfg(feature = "holders")]
pub use holders::{
    Capability, Danger, Explanation, FailedTest, Forecast, FormerUser, HiddenHolder, Holder,
    HolderOwner, HolderProcess, HoldersAnswer, ImageState, LockProtocol, Obstacle, OwnedLock,
    PathChange, ServedClients, Survey, SurveyError, SurveyedImage, Surveyor, UnexplainedLock,
    UnlockedUser, Unseen, UnseenReason, Waiter, survey, survey_settled, would_grant,
};
pub use imglock_core::{
    Backend, Claim, LockError, Locking, Mode, Permission, Permissions, Refusal, Side,
};

pub use image::{AcquireError, ByteClaims, Hold, OpenError, open};
pub use lock::KernelLocks;
#[cfg(feature = "holders")]
pub use lock::{Availability, Visibility, availability};
#[cfg(feature = "holders")]
pub use lock_table::{FileKey, LockClass, LockLine, LockTable, WatchedDescriptor, waiting_lines};
#[cfg(feature = "holders")]
pub use served::{
    ClientStatus, FileServer, ServedClient, ServedGap, ServedState, ShareMode, StateKind,
};
#[cfg(feature = "holders")]
pub use users::{
    DataAccess, DataProcess, DataUser, DataUserKind, DataUsers, DeviceNumber, UserGap,
};

#[cfg(feature = "holders")]
pub use reach::{Extent, Reach, reach_of};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
