use std::collections::BTreeSet;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use procfs::process::Process;

/// The descriptors of a process that refer to the file at `path`, from
/// `/proc/PID/fd`.
///
/// # Errors
/// If the file or the process does not exist.
pub fn descriptors_of(pid: i32, path: &Path) -> std::io::Result<BTreeSet<RawFd>> {
    let file = std::fs::metadata(path)?;
    let descriptors =
        Process::new(pid).and_then(|process| process.fd()).map_err(std::io::Error::other)?;
    let refers = |fd: RawFd| {
        std::fs::metadata(format!("/proc/{pid}/fd/{fd}"))
            .is_ok_and(|other| (other.dev(), other.ino()) == (file.dev(), file.ino()))
    };
    Ok(descriptors.flatten().map(|entry| entry.fd).filter(|fd| refers(*fd)).collect())
}
