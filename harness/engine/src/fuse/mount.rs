use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::process::describe;

const DEVICE: &str = "/dev/fuse";

/// Mounts a new FUSE file system; who reads the descriptor is its server.
///
/// # Errors
/// In words, with what to do about it.
pub(super) fn mount_on(mount_point: &Path) -> Result<OwnedFd, String> {
    let device = File::options().read(true).write(true).open(DEVICE);
    let device = device.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => {
            format!("there is no {DEVICE} here; load the module with `modprobe fuse`")
        }
        _ => format!("cannot open {DEVICE}: {}", describe(&error)),
    })?;
    // Everybody is let in, and the kernel checks who may do what: as on any
    // other file system.
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

/// Takes the mount away from its name; who has a file open there keeps it
/// until the server is gone.
pub(super) fn detach(mount_point: &Path) {
    // That it is gone already is what was wanted.
    let _ = umount2(mount_point, MntFlags::MNT_DETACH);
}
