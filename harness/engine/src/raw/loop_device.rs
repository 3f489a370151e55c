//! The ioctls of loop devices (loop(4), include/uapi/linux/loop.h).

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::errno::Errno;

/// `LO_FLAGS_AUTOCLEAR`: the kernel detaches the file at the device's last
/// close.
const AUTOCLEAR: u32 = 4;

/// `struct loop_info64`.
#[repr(C)]
#[derive(Default)]
struct Info {
    device: u64,
    inode: u64,
    rdevice: u64,
    offset: u64,
    size_limit: u64,
    number: u32,
    encrypt_type: u32,
    encrypt_key_size: u32,
    flags: u32,
    names_and_key: [[u8; 32]; 5],
    init: [u64; 2],
}

/// `struct loop_config`.
#[repr(C)]
#[derive(Default)]
pub struct Config {
    fd: u32,
    block_size: u32,
    info: Info,
    reserved: [u64; 8],
}

nix::ioctl_none_bad!(loop_ctl_get_free, 0x4c82);
nix::ioctl_write_ptr_bad!(loop_configure, 0x4c0a, Config);

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
    let info = Info { flags: AUTOCLEAR, ..Info::default() };
    let fd = file.as_raw_fd().unsigned_abs();
    let config = Config { fd, info, ..Config::default() };
    // SAFETY: the kernel reads a `struct loop_config`, which `config` is laid out as, during the
    // call only.
    unsafe { loop_configure(device.as_raw_fd(), &config) }.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_laid_out_as_the_kernel_has_it() {
        assert_eq!((size_of::<Info>(), size_of::<Config>()), (232, 304));
    }
}
