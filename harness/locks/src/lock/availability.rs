use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use imglock_core::{Backend, ByteLocks, LockError, LockType, RangeSpec};

use super::KernelLocks;

/// Whether the kernel shows the owners of the locks in one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// The locks appear in /proc/locks and in fdinfo.
    #[default]
    Shown,
    /// The locks appear nowhere, because the file system keeps them itself, as a FUSE server can.
    Hidden,
}

/// The kinds of locks that work in one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The result of acquiring and dropping an OFD lock.
    pub ofd: Result<(), LockError>,
    /// The result of acquiring and dropping a POSIX lock.
    pub posix: Result<(), LockError>,
    /// Whether the kernel shows these locks.
    pub visibility: Visibility,
}

impl Availability {
    /// The result for `backend`.
    pub fn of(&self, backend: Backend) -> &Result<(), LockError> {
        match backend {
            Backend::Ofd => &self.ofd,
            Backend::Posix => &self.posix,
        }
    }
}

/// Tries both kinds of locks on an unnamed file in `directory`.
///
/// A file system can refuse locks although /dev/null accepts them (NFS without a lock manager, some
/// FUSE servers). Therefore only the directory of the image gives a meaningful answer. QEMU's
/// `qemu_probe_lock_ops` (util/osdep.c) tries /dev/null instead.
///
/// # Errors
/// If no file can be created in `directory`.
pub fn availability(directory: &Path) -> std::io::Result<Availability> {
    Ok(try_both(&tempfile::tempfile_in(directory)?))
}

fn try_both(file: &File) -> Availability {
    let mut visibility = Visibility::Shown;
    let mut attempt = |backend| {
        let mut locks = KernelLocks::new(file.as_fd(), backend);
        locks.set(LockType::Write, RangeSpec::byte(0))?;
        if !is_shown(file) {
            visibility = Visibility::Hidden;
        }
        locks.unlock(RangeSpec::byte(0))
    };
    let (ofd, posix) = (attempt(Backend::Ofd), attempt(Backend::Posix));
    Availability { ofd, posix, visibility }
}

/// Returns whether fdinfo shows a lock that this process holds through `file`. If fdinfo cannot be
/// read, the lock counts as shown.
fn is_shown(file: &File) -> bool {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd()));
    text.map_or(true, |text| text.lines().any(|line| line.starts_with("lock:")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_backend_has_an_answer_of_its_own() {
        let (ofd, posix) = (Err(LockError::Invalid), Err(LockError::NoLocks));
        let available = Availability { ofd, posix, visibility: Visibility::Shown };
        assert_eq!(*available.of(Backend::Ofd), Err(LockError::Invalid));
        assert_eq!(*available.of(Backend::Posix), Err(LockError::NoLocks));
    }

    #[test]
    fn each_backend_is_tried() {
        let file = tempfile::tempfile().expect("a temporary file");
        // It conflicts with OFD locks, but not with other POSIX locks of this process.
        let mut locks = KernelLocks::new(file.as_fd(), Backend::Posix);
        locks.set(LockType::Write, RangeSpec::byte(0)).expect("no conflict");
        let available = try_both(&file);
        assert!(matches!(available.ofd, Err(LockError::WouldBlock { .. })), "{available:?}");
        assert_eq!(available.posix, Ok(()));
    }

    #[test]
    fn a_directory_without_files_gives_no_answer() {
        assert!(availability(Path::new("/proc/self")).is_err());
    }

    #[test]
    fn both_kinds_work_where_the_tests_run() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(
            availability(directory.path()).expect("an answer"),
            Availability { ofd: Ok(()), posix: Ok(()), visibility: Visibility::Shown }
        );
    }
}
