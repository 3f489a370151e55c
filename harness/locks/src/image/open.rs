use std::os::fd::OwnedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use imglock_core::Access;

/// `open(2)`—opens an existing image. The file is neither created nor truncated.
///
/// # Errors
/// The errno of open(2).
pub fn open(path: &Path, access: Access, cloexec: bool) -> Result<OwnedFd, Errno> {
    let mut flags = match access {
        Access::ReadOnly => OFlag::O_RDONLY,
        Access::WriteOnly => OFlag::O_WRONLY,
        Access::ReadWrite => OFlag::O_RDWR,
    };
    flags.set(OFlag::O_CLOEXEC, cloexec);
    nix::fcntl::open(path, flags, Mode::empty())
}
