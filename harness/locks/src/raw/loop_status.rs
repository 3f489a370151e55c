//! `LOOP_GET_STATUS64` (loop(4), include/uapi/linux/loop.h): the file behind a loop device.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Getter, ioctl};

/// `LOOP_GET_STATUS64` of include/uapi/linux/loop.h.
const GET_STATUS64: u32 = 0x4c05;

/// `LO_FLAGS_READ_ONLY`.
const READ_ONLY: u32 = 1;

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

/// `struct loop_info64`.
#[repr(C)]
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

/// `ioctl(device, LOOP_GET_STATUS64)`—returns the file to which a loop device is attached. The
/// kernel asks the file's file system (`vfs_getattr`), so the call can hang if its server is
/// unreachable.
///
/// # Errors
/// `ENXIO` if no file is attached, `ENOTTY` if `device` is no loop device.
#[doc(alias = "LOOP_GET_STATUS64")]
pub(crate) fn loop_status(device: impl AsFd) -> Result<LoopStatus, Errno> {
    // SAFETY: for this code the kernel writes one `struct loop_info64`, as which `Info` is laid out.
    // It consists of integers, for which all bits are valid.
    let info = unsafe { ioctl(device, Getter::<GET_STATUS64, Info>::new()) }?;
    Ok(LoopStatus {
        device: numbers(info.device),
        inode: info.inode,
        block: (info.rdevice != 0).then(|| numbers(info.rdevice)),
        read_only: info.flags & READ_ONLY != 0,
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

    #[test]
    fn it_is_laid_out_as_the_kernel_has_it() {
        assert_eq!(size_of::<Info>(), 232);
    }

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
