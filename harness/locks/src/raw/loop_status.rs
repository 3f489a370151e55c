//! `LOOP_GET_STATUS64` (loop(4), include/uapi/linux/loop.h): the file behind a loop device.

use std::os::fd::AsFd;

use linux_raw_sys::loop_device::{LO_FLAGS_READ_ONLY, LOOP_GET_STATUS64, loop_info64};
use rustix::io::Errno;
use rustix::ioctl::{Getter, ioctl};

/// The file behind a loop device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoopStatus {
    /// Major and minor number of the device of its file, as in stat(2).
    pub(crate) device: (u32, u32),
    /// The inode number of its file, as in stat(2).
    pub(crate) inode: u64,
    /// The device number of the file itself, if it is a block device.
    pub(crate) block: Option<(u32, u32)>,
    /// Whether the loop device refuses writes.
    pub(crate) read_only: bool,
}

/// `ioctl(device, LOOP_GET_STATUS64)`—returns the file to which a loop device is attached. The
/// kernel asks the file's file system (`vfs_getattr`), so the call can hang if its server is
/// unreachable.
///
/// # Errors
/// `ENXIO` if no file is attached, `ENOTTY` if `device` is no loop device.
#[doc(alias = "LOOP_GET_STATUS64")]
pub(crate) fn loop_status(device: impl AsFd) -> Result<LoopStatus, Errno> {
    // SAFETY: for this code the kernel writes one `struct loop_info64`. It consists of integers, for
    // which all bits are valid.
    let info = unsafe { ioctl(device, Getter::<LOOP_GET_STATUS64, loop_info64>::new()) }?;
    Ok(LoopStatus {
        device: numbers(info.lo_device),
        inode: info.lo_inode,
        block: (info.lo_rdevice != 0).then(|| numbers(info.lo_rdevice)),
        read_only: info.lo_flags & LO_FLAGS_READ_ONLY as u32 != 0,
    })
}

/// The numbers in the encoding of `huge_encode_dev` (include/linux/kdev_t.h).
fn numbers(device: u64) -> (u32, u32) {
    let device = device as u32;
    ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::small(0x0000_fe00, (254, 0))]
    #[case::large_minor(0x1230_0845, (8, 0x12345))]
    fn a_device_has_two_numbers(#[case] device: u64, #[case] expected: (u32, u32)) {
        assert_eq!(numbers(device), expected);
    }

    #[test]
    fn a_file_is_no_loop_device() {
        let file = tempfile::tempfile().expect("a file");
        assert_eq!(loop_status(&file), Err(Errno::NOTTY));
    }
}
