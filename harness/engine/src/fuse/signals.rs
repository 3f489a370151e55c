use procfs::process::Process;

/// Whether a thread that waits for an answer has been sent a signal that it
/// wants to see first, or is gone.
///
/// The kernel says so by `FUSE_INTERRUPT`. The crate `fuser` takes that for a
/// call that there is not, and then the kernel says it no more; but the signal
/// stays pending until the answer is there, for all to see in /proc.
pub(super) fn is_interrupted(thread: u32) -> bool {
    let Some(thread) = i32::try_from(thread).ok().filter(|thread| *thread > 0) else {
        // One of a pid namespace that we cannot see.
        return false;
    };
    match Process::new(thread).and_then(|thread| thread.status()) {
        Ok(status) => (status.sigpnd | status.shdpnd) & !status.sigblk != 0,
        Err(procfs::ProcError::NotFound(_)) => true,
        Err(_) => false,
    }
}
