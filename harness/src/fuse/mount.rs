use std::ffi::CString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::process::describe;

const DEVICE: &str = "/dev/fuse";

/// Mounts a new FUSE file system; who reads the descriptor is its server.
///
/// # Errors
/// In words, with what to do about it.
pub(super) fn mount(mount_point: &Path) -> Result<OwnedFd, String> {
    let device = open(DEVICE, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    let device = device.map_err(|errno| match errno {
        Errno::NOENT | Errno::NODEV | Errno::NXIO => {
            format!("there is no {DEVICE} here; load the module with `modprobe fuse`")
        }
        other => format!("cannot open {DEVICE}: {}", describe(&other.into())),
    })?;
    // Everybody is let in, and the kernel checks who may do what: as on any
    // other file system.
    let data = format!(
        "fd={},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
        device.as_raw_fd()
    );
    let data = CString::new(data).map_err(|error| error.to_string())?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let mounted = rustix::mount::mount("imglock", mount_point, "fuse", flags, Some(&*data));
    mounted.map_err(|errno| match errno {
        Errno::PERM => "mounting a FUSE file system takes root".to_owned(),
        Errno::NODEV => "this kernel has no FUSE; load the module with `modprobe fuse`".to_owned(),
        other => {
            format!("cannot mount on {}: {}", mount_point.display(), describe(&other.into()))
        }
    })?;
    Ok(device)
}

/// Takes the mount away from its name; who has a file open there keeps it
/// until the server is gone.
pub(super) fn detach(mount_point: &Path) {
    // That it is gone already is what was wanted.
    let _ = rustix::mount::unmount(mount_point, UnmountFlags::DETACH);
}
