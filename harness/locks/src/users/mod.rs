//! The users of an image's bytes that take no lock on the image itself: devices that stand on it,
//! their mounts and swap areas, kernel targets, and processes that reach the bytes by another way.
//!
//! A lock of fcntl(2) belongs to an inode. Two device nodes with one number are two inodes, a loop
//! device is another inode than its file, and an overlayfs has inodes of its own. So a lock on one
//! of them excludes no user of the others, and a survey of the locks does not show these users.
//!
//! [`users`] reads sysfs, mountinfo, /proc/swaps and configfs once for all files of a survey, asks
//! each attached loop device for its file, and looks into every process. It opens nothing for
//! writing and changes nothing.
//!
//! # Limits
//!
//! Not looked at, so that nothing is known about them:
//!
//! * private mappings, which can only read
//! * mount namespaces without a process, and parts of a namespace outside of the root directory of
//!   the process from which it is read
//! * the log and journal devices of ext4 and XFS, the devices of ZFS, files that clients of
//!   the kernel's file servers have open ([`ServedClients`](crate::ServedClients) has those of NFSv4)
//! * SCSI generic devices (/dev/sgN) and character devices of NVMe
//! * a layer of an overlayfs that shows the image under another name
//! * descriptors in flight in Unix sockets, files registered with io_uring
//! * programs on other machines that use shared storage

mod block_devices;
mod carrier;
mod device;
mod file_systems;
mod gap;
mod identity;
mod loops;
mod mappings;
mod mounts;
mod namespaces;
mod overlays;
mod phrase;
mod processes;
mod root;
mod stack;
mod surroundings;
mod swaps;
mod targets;
#[cfg(test)]
mod tests;
mod user;

use carrier::Carrier;
pub use device::DeviceNumber;
pub use gap::UserGap;
pub(crate) use identity::{FileIdentity, KnownFile, KnownOpener};
pub use user::{DataAccess, DataProcess, DataUser, DataUserKind, DataUsers};

use root::Root;
use stack::Stack;
use surroundings::Surroundings;

/// Finds the users of each file. The machine is read once for all of them.
///
/// A user that begins or ends meanwhile may be found or not. What could not be read is no error; it
/// is listed in [`DataUsers::gaps`].
pub(crate) fn users(files: &[KnownFile]) -> Vec<DataUsers> {
    users_below(Root::own(), files)
}

fn users_below(root: Root, files: &[KnownFile]) -> Vec<DataUsers> {
    if files.is_empty() {
        return Vec::new();
    }
    let around = Surroundings::of(root, files);
    let of = |(file, near)| Stack::users(&around, file, near);
    files.iter().zip(&around.near).map(of).collect()
}
