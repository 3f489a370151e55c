//! The kernels that tests boot: the environment variable `IMGLOCK_KERNELS`,
//! separated as `PATH` is.

use std::path::{Path, PathBuf};

use imglock_qemu::QemuProgram;

use super::requirement::{is_met, not_installed};

/// Every available kernel. Empty, with the reason printed, without a kernel or
/// without a QEMU to boot it.
pub fn kernels() -> Vec<PathBuf> {
    let given = std::env::var_os("IMGLOCK_KERNELS").unwrap_or_default();
    let kernels: Vec<PathBuf> =
        std::env::split_paths(&given).filter(|path| !path.as_os_str().is_empty()).collect();
    let none = kernels.is_empty().then(|| "IMGLOCK_KERNELS names no kernel".to_owned());
    let missing = none.or_else(|| not_installed(&QemuProgram::System.file_name()));
    if is_met("kernels", missing) { kernels } else { Vec::new() }
}

/// A kernel with 9p: the environment variable `IMGLOCK_KERNEL_9P`. Debian's cloud
/// kernels do not have it. `None`, with the reason printed, without such a kernel
/// or without a QEMU to boot it.
pub fn kernel_with_9p() -> Option<PathBuf> {
    let given = std::env::var_os("IMGLOCK_KERNEL_9P").filter(|path| !path.is_empty());
    let none = given.is_none().then(|| "IMGLOCK_KERNEL_9P names no kernel".to_owned());
    let missing = none.or_else(|| not_installed(&QemuProgram::System.file_name()));
    if is_met("9p", missing) { given.map(PathBuf::from) } else { None }
}

/// A kernel that does nothing at all, in `folder`: a header, and the two
/// instructions `cli` and `hlt` at the address to which a boot loader jumps.
pub fn mute(folder: &Path) -> PathBuf {
    let mut image = vec![0; 0x800];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[1]);
    put(0x1fe, &[0x55, 0xaa]);
    put(0x200, &[0xfa, 0xf4]);
    put(0x202, b"HdrS");
    put(0x206, &[0x0f, 0x02]);
    // The offset of the version text, 6.99.0-mute.
    put(0x20e, &[0x80, 0x00]);
    put(0x280, b"6.99.0-mute (nobody@nowhere) #1");
    // Loaded high, with an entry point of 64 bits.
    put(0x211, &[1]);
    put(0x236, &[1]);
    // The highest address for an initramfs.
    put(0x22c, &0x7fff_ffff_u32.to_le_bytes());
    let path = folder.join("bzImage");
    std::fs::write(&path, image).expect("a writable folder");
    path
}
