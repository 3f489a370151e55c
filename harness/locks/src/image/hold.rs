use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;

use imglock_core::{Access, Backend, Claim, Locking};

use super::kind::not_an_image;
use super::{AcquireError, ByteClaims};
use crate::lock::{KernelLocks, best_backend};

/// The reason why an image was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file, or a part of its path, does not exist.
    #[error("image {} does not exist", .path.display())]
    Missing {
        /// The path of the image.
        path: PathBuf,
    },
    /// The file is neither a regular file nor a block device. It is not opened, because open(2) could
    /// wait or have side effects.
    #[error("{} is {what}, not an image", .path.display())]
    NotAnImage {
        /// The path of the image.
        path: PathBuf,
        /// The type of the file, such as `a directory`.
        what: &'static str,
    },
    /// The image can be opened for reading, but the claim needs write access.
    #[error("cannot open {} for writing: {source}", .path.display())]
    OnlyReadable {
        /// The path of the image.
        path: PathBuf,
        /// The error of open(2).
        source: io::Error,
    },
    /// Any other error.
    #[error("cannot open {}: {source}", .path.display())]
    Other {
        /// The path of the image.
        path: PathBuf,
        /// The error of stat(2) or open(2).
        source: io::Error,
    },
}

/// An image that this process has open with a claim, as QEMU would have it.
///
/// Dropping the value closes the image and so releases the locks. POSIX locks are dropped earlier
/// if this process closes *any* descriptor of the image. OFD locks last longer if another process
/// has a copy of the descriptor.
///
/// ```
/// use imglock_locks::Hold;
/// use imglock_core::{Locking, Mode};
///
/// let image = tempfile::NamedTempFile::new()?;
/// let mut first = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto)?;
/// let mut second = Hold::open(image.path(), Mode::Rw.claim(), Locking::Auto)?;
/// first.acquire()?;
/// let refused = second.acquire().unwrap_err();
/// assert_eq!(refused.to_string(), "Failed to get \"write\" lock");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Hold {
    file: OwnedFd,
    claim: Claim,
    best: Backend,
    locking: Locking,
    claims: ByteClaims,
}

impl Hold {
    /// Opens the image at `path` with the access that `claim` needs, and determines which kind of lock
    /// `locking` selects there. No byte is locked yet.
    ///
    /// The descriptor is close-on-exec.
    ///
    /// # Errors
    /// [`OpenError`]. A FIFO, a socket or a character device is not opened, because open(2) could wait
    /// for another process or start a device.
    pub fn open(path: &Path, claim: Claim, locking: Locking) -> Result<Hold, OpenError> {
        check_kind(path)?;
        let access = Access::needed_by(claim);
        let file = super::open(path, access, true)
            .map_err(|errno| cannot_open(path, access, errno.into()))?;
        let best = best_backend(file.as_fd());
        Ok(Hold { file, claim, best, locking, claims: ByteClaims::default() })
    }

    /// The kind of locks that this hold acquires, or `None` if it acquires none.
    pub fn backend(&self) -> Option<Backend> {
        self.locking.resolve(self.best).0
    }

    /// Returns whether this hold uses POSIX locks because OFD locks are unavailable. QEMU prints
    /// [`FALLBACK_WARNING`](imglock_core::FALLBACK_WARNING) in this case.
    pub fn falls_back(&self) -> bool {
        self.locking.resolve(self.best).1
    }

    /// Tests whether [`Hold::acquire`] would be granted, without acquiring a lock that could conflict
    /// with other openers. The answer can be out of date as soon as it is returned.
    ///
    /// # Errors
    /// The error that `acquire` would return.
    pub fn test(&self) -> Result<(), AcquireError> {
        match self.backend() {
            Some(backend) => {
                self.claims.test(&mut KernelLocks::new(self.file.as_fd(), backend), self.claim)
            }
            None => Ok(()),
        }
    }

    /// Acquires the claim. After a refusal nothing is locked, and the caller may try again.
    ///
    /// # Errors
    /// [`AcquireError::Refused`] if a holder conflicts; [`AcquireError::LockByte`] if a lock call
    /// failed.
    pub fn acquire(&mut self) -> Result<(), AcquireError> {
        match self.backend() {
            Some(backend) => {
                self.claims.change(&mut KernelLocks::new(self.file.as_fd(), backend), self.claim)
            }
            None => Ok(()),
        }
    }

    /// Releases the lock bytes, then closes the image. Use it where the close alone may not release
    /// the locks: some lock servers are not notified of a close.
    pub fn give_up(mut self) {
        if let Some(backend) = self.backend() {
            let mut locks = KernelLocks::new(self.file.as_fd(), backend);
            // The close releases the locks as well, unless a lock server is not notified of it.
            let _ = self.claims.change(&mut locks, Claim::NOTHING);
        }
    }
}

impl AsFd for Hold {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn check_kind(path: &Path) -> Result<(), OpenError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| cannot_open(path, Access::ReadOnly, source))?;
    match not_an_image(metadata.mode()) {
        Some(what) => Err(OpenError::NotAnImage { path: path.to_owned(), what }),
        None => Ok(()),
    }
}

fn cannot_open(path: &Path, access: Access, source: io::Error) -> OpenError {
    let path = path.to_owned();
    let readable = || nix::unistd::eaccess(&path, AccessFlags::R_OK).is_ok();
    match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path },
        _ if access == Access::ReadWrite && readable() => OpenError::OnlyReadable { path, source },
        _ => OpenError::Other { path, source },
    }
}

#[cfg(test)]
mod tests;
