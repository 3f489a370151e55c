//! `PROCMAP_QUERY` (proc_pid_maps(5), include/uapi/linux/fs.h): the mappings of a process, one at a
//! time and without their paths, which cost the kernel most of the time of a line of `maps`.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

/// `PROCMAP_QUERY`.
const QUERY: Opcode = opcode::read_write::<Query>(b'f', 17);

/// `PROCMAP_QUERY_VMA_WRITABLE`.
const WRITABLE: u64 = 0x02;
/// `PROCMAP_QUERY_VMA_SHARED`.
const SHARED: u64 = 0x08;
/// `PROCMAP_QUERY_COVERING_OR_NEXT_VMA`.
const OR_NEXT: u64 = 0x10;
/// `PROCMAP_QUERY_FILE_BACKED_VMA`.
const FILE_BACKED: u64 = 0x20;

/// `struct procmap_query`.
#[repr(C)]
#[derive(Debug, Default)]
struct Query {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// A shared mapping of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MappedArea {
    /// The address after its last byte.
    pub(crate) end: u64,
    /// Major and minor number of the super block's device, as in `maps`.
    pub(crate) device: (u32, u32),
    /// The inode number of its file, as in `maps`.
    pub(crate) inode: u64,
    /// Whether the process can store through it now.
    pub(crate) writable: bool,
}

/// `ioctl(maps, PROCMAP_QUERY)`—returns the first shared mapping of a file that ends after `address`,
/// from the open /proc/PID/maps. `None` after the last one, and if the process has exited.
///
/// # Errors
/// `ENOTTY` before Linux 6.11.
#[doc(alias = "PROCMAP_QUERY")]
pub(crate) fn next_shared_area(maps: impl AsFd, address: u64) -> Result<Option<MappedArea>, Errno> {
    let mut query = Query {
        size: size_of::<Query>() as u64,
        query_flags: SHARED | OR_NEXT | FILE_BACKED,
        query_addr: address,
        ..Query::default()
    };
    // SAFETY: for this code the kernel reads and writes `size` bytes of a `struct procmap_query`, as
    // which `Query` is laid out. Both of its pointers are null and have the length 0, so the kernel
    // writes nothing else.
    match unsafe { ioctl(maps, Updater::<QUERY, Query>::new(&mut query)) } {
        Ok(()) => Ok(Some(MappedArea {
            end: query.vma_end,
            device: (query.dev_major, query.dev_minor),
            inode: query.inode,
            writable: query.vma_flags & WRITABLE != 0,
        })),
        Err(Errno::NOENT | Errno::SRCH) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Maps the first page of a file with these protections, for the rest of the process.
#[cfg(test)]
pub(crate) fn mapped(file: &std::fs::File, writable: bool, shared: bool) {
    use std::os::fd::AsRawFd;

    use nix::libc;
    let protection = libc::PROT_READ | if writable { libc::PROT_WRITE } else { 0 };
    let flags = if shared { libc::MAP_SHARED } else { libc::MAP_PRIVATE };
    // SAFETY: the kernel chooses an address that is free, and no code reads or writes there.
    let address =
        unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, file.as_raw_fd(), 0) };
    assert_ne!(address, libc::MAP_FAILED);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_laid_out_as_the_kernel_has_it() {
        assert_eq!(size_of::<Query>(), 104);
    }
}
