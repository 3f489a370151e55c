//! File systems that are made for the purpose, and mounts that nobody else
//! sees.
//!
//! Everything is mounted in a mount namespace of this command's own
//! ([`PrivateMounts`]), which ends with its last process: even SIGKILL leaves
//! no mount behind. A file system on a device lies in a file that has lost its
//! name already, on a loop device that lets go of it by itself.

mod loop_device;
mod maker;
mod mounted;
mod private;
mod site;

pub use maker::Maker;
pub use mounted::{MountError, Mounted};
pub use private::{NotPrivate, PrivateMounts};
pub use site::{MadeFileSystem, NotMade, Site, SiteError};
