use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::process::describe;

const DEVICE: &str = "/dev/fuse";

/// Mounts a new FUSE file system. The process that reads the returned
/// descriptor is its server.
///
/// # Errors
/// When there is no FUSE, or this user may not mount; the text gives advice.
pub(super) fn mount_on(mount_point: &Path) -> Result<OwnedFd, String> {
    let device = File::options().read(true).write(true).open(DEVICE);
    let device = device.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => {
            format!("there is no {DEVICE} here; load the module with `modprobe fuse`")
        }
        _ => format!("cannot open {DEVICE}: {}", describe(&error)),
    })?;
    // With `allow_other` and `default_permissions` every user has access, and
    // the kernel checks permissions, as on any other file system.
    let options = format!(
        "fd={},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
        device.as_raw_fd()
    );
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let mounted = mount(Some("imglock"), mount_point, Some("fuse"), flags, Some(&*options));
    mounted.map_err(|errno| match errno {
        Errno::EPERM => "mounting a FUSE file system takes root".to_owned(),
        Errno::ENODEV => "this kernel has no FUSE; load the module with `modprobe fuse`".to_owned(),
        other => format!("cannot mount on {}: {}", mount_point.display(), describe(&other.into())),
    })?;
    Ok(device.into())
}

/// Detaches the mount from its mount point. Processes with open files there
/// keep it until the server has exited.
pub(super) fn detach(mount_point: &Path) {
    // The mount may be gone already.
    let _ = umount2(mount_point, MntFlags::MNT_DETACH);
}
