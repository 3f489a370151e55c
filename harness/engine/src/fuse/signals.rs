use procfs::process::Process;

/// Whether a thread that waits for an answer has exited, or has a pending
/// signal that it does not block.
///
/// The kernel reports this by `FUSE_INTERRUPT`. The crate `fuser` answers that
/// request with ENOSYS, and then the kernel sends no more. But the signal stays
/// pending until the answer arrives, and /proc shows it.
pub(super) fn is_interrupted(thread: u32) -> bool {
    let Some(thread) = i32::try_from(thread).ok().filter(|thread| *thread > 0) else {
        // The thread is in a pid namespace that this process cannot see.
        return false;
    };
    match Process::new(thread).and_then(|thread| thread.status()) {
        Ok(status) => (status.sigpnd | status.shdpnd) & !status.sigblk != 0,
        Err(procfs::ProcError::NotFound(_)) => true,
        Err(_) => false,
    }
}
