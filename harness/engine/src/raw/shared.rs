//! Memory that several processes share.

use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// The size in bytes of the 32-bit numbers, on which futex(2) waits.
const CELL_BYTES: usize = 4096;

/// A mapping of memory that several processes share, as atomic numbers: first
/// 32-bit numbers, then 64-bit numbers.
///
/// The memory has this one layout only. So a write by another process always
/// gives a number, and all processes agree on the place of each number.
#[derive(Debug)]
pub(crate) struct SharedMemory {
    start: NonNull<std::ffi::c_void>,
    bytes: usize,
}

/// `memfd_create(2)`—memory for `words` 64-bit numbers, all of them 0, as a
/// descriptor that can be passed to another process. Seals keep the file from
/// shrinking.
///
/// # Errors
/// `EMFILE` and `ENFILE` when no descriptor is free, `ENOMEM`.
#[doc(alias = "memfd_create")]
pub(crate) fn shared_memory(name: &str, words: usize) -> Result<OwnedFd, Errno> {
    let memory = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let bytes = words.checked_mul(8).and_then(|bytes| bytes.checked_add(CELL_BYTES));
    let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or(Errno::NOMEM)?;
    rustix::fs::ftruncate(&memory, bytes)?;
    fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(memory)
}

impl SharedMemory {
    /// `mmap(2)`—maps memory from [`shared_memory`].
    ///
    /// # Errors
    /// `EINVAL` for any other descriptor, `ENOMEM`.
    #[doc(alias = "mmap")]
    pub(crate) fn map(memory: impl AsFd) -> Result<SharedMemory, Errno> {
        let bytes = usize::try_from(fstat(&memory)?.st_size).map_err(|_| Errno::INVAL)?;
        if bytes < CELL_BYTES || !fcntl_get_seals(&memory)?.contains(SealFlags::SHRINK) {
            return Err(Errno::INVAL);
        }
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: no address is requested, so the mapping replaces no other.
        let start = unsafe { mmap(null_mut(), bytes, access, flags, &memory, 0) }?;
        let start = NonNull::new(start).ok_or(Errno::NOMEM)?;
        Ok(SharedMemory { start, bytes })
    }

    /// The 32-bit numbers.
    pub(crate) fn cells(&self) -> &[AtomicU32] {
        // SAFETY: the mapping begins at a page, has at least CELL_BYTES bytes,
        // and stays while `self` does. The file is sealed, so its pages cannot
        // be removed. All processes access these bytes only as atomic 32-bit
        // numbers.
        unsafe { std::slice::from_raw_parts(self.start.cast().as_ptr(), CELL_BYTES / 4) }
    }

    /// The 64-bit numbers.
    pub(crate) fn words(&self) -> &[AtomicU64] {
        let count = (self.bytes - CELL_BYTES) / 8;
        // SAFETY: as for the cells; these begin after them, at a multiple of
        // 8 from the page's start, and all processes access them only as atomic
        // 64-bit numbers.
        unsafe {
            let first = self.start.cast::<u8>().add(CELL_BYTES).cast();
            std::slice::from_raw_parts(first.as_ptr(), count)
        }
    }
}

// SAFETY: the memory is shared between processes anyway, and is accessed only
// through atomics; any thread may unmap it.
unsafe impl Send for SharedMemory {}
// SAFETY: as for Send.
unsafe impl Sync for SharedMemory {}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: this is the whole mapping, which belongs to `self`, and no
        // reference outlives `self`.
        let _ = unsafe { munmap(self.start.as_ptr(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    #[test]
    fn two_mappings_are_the_same_memory() {
        let memory = shared_memory("test", 10).expect("memory");
        let (one, other) = (SharedMemory::map(&memory), SharedMemory::map(&memory));
        let (one, other) = (one.expect("a mapping"), other.expect("a mapping"));
        assert_eq!((one.words().len(), one.cells().len()), (10, 1024));
        one.words()[9].store(u64::MAX, SeqCst);
        one.cells()[1023].store(7, SeqCst);
        assert_eq!(other.words()[9].load(SeqCst), u64::MAX);
        assert_eq!(other.cells()[1023].load(SeqCst), 7);
        assert_eq!(other.words()[0].load(SeqCst), 0, "the two kinds overlap");
    }

    #[test]
    fn what_could_be_cut_short_is_not_mapped() {
        let file = tempfile::tempfile().expect("a file");
        file.set_len(8192).expect("a length");
        assert!(SharedMemory::map(&file).is_err());
        let memory = shared_memory("test", 10).expect("memory");
        assert!(rustix::fs::ftruncate(&memory, 0).is_err());
    }
}
