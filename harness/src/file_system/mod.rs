//! File systems that are made for the purpose, and mounts that nobody else
//! sees.
//!
//! Everything is mounted in a mount namespace of this command's own
//! ([`PrivateMounts`]), which ends with its last process: even SIGKILL leaves
//! no mount behind.

mod mounted;
mod private;

pub use mounted::{MountError, Mounted};
pub use private::{NotPrivate, PrivateMounts};
