//! Descriptors by number. With [`fork`](super::fork) the only unsafe code.
#![expect(unsafe_code, reason = "a request names descriptors by their number")]

use std::os::fd::{BorrowedFd, RawFd};

/// The descriptor with this number in this process.
///
/// A worker owns no descriptor of a node in the sense of Rust: fork, exec, a
/// shared table and messages move them about, and the caller keeps the books.
pub(super) fn numbered(fd: RawFd) -> Option<BorrowedFd<'static>> {
    if fd < 0 {
        return None;
    }
    // SAFETY: the value is not -1. A number that is not open, or open as
    // something else, makes system calls fail or act on the wrong file; a
    // worker does nothing with it that touches memory.
    Some(unsafe { BorrowedFd::borrow_raw(fd) })
}
