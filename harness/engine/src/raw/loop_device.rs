//! The ioctls of loop devices (loop(4), include/uapi/linux/loop.h).

use std::fs::File;
use std::os::fd::AsRawFd;

use linux_raw_sys::loop_device::{
    LO_FLAGS_AUTOCLEAR, LOOP_CONFIGURE, LOOP_CTL_GET_FREE, loop_config,
};
use nix::errno::Errno;

nix::ioctl_none_bad!(loop_ctl_get_free, LOOP_CTL_GET_FREE);
nix::ioctl_write_ptr_bad!(loop_configure, LOOP_CONFIGURE, loop_config);

/// The number of a free loop device (`LOOP_CTL_GET_FREE` of /dev/loop-control).
///
/// # Errors
/// When there is no free device and none can be made.
pub fn free_number(control: &File) -> Result<i32, Errno> {
    // SAFETY: the call takes no argument and accesses no memory of this process.
    unsafe { loop_ctl_get_free(control.as_raw_fd()) }
}

/// Attaches `file` to a loop device until the device's last close
/// (`LOOP_CONFIGURE`, since Linux 5.8).
///
/// # Errors
/// `EBUSY` when another process took the device first.
pub fn configure(device: &File, file: &File) -> Result<(), Errno> {
    // SAFETY: it consists of integers, for which the bits 0 are valid.
    let mut config: loop_config = unsafe { std::mem::zeroed() };
    config.fd = file.as_raw_fd().unsigned_abs();
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR as u32;
    // SAFETY: the kernel reads a `struct loop_config` during the call only.
    unsafe { loop_configure(device.as_raw_fd(), &config) }.map(drop)
}
