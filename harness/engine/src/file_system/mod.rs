//! File systems that are made for a run, and private mounts.
//!
//! Everything is mounted in the command's own mount namespace
//! ([`PrivateMounts`]), which ends with its last process. So even SIGKILL
//! leaves no mount behind. A file system on a device is in a file that is
//! unlinked already, on a loop device that detaches itself.

mod loop_device;
mod maker;
mod mounted;
mod private;
mod site;

pub use maker::Maker;
pub use mounted::{MountError, Mounted};
pub use private::{NotPrivate, PrivateMounts};
pub use site::{MadeFileSystem, NotMade, Site, SiteError};
