use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;

use imglock_core::{Access, Claim, Locking};

use super::{AcquireError, ByteClaims};
use crate::lock::{KernelLocks, best_backend};
use imglock_core::Backend;

/// Why an image could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such file, or a part of its path is missing.
    #[error("there is no image {}", .path.display())]
    Missing {
        /// What was to be opened.
        path: PathBuf,
    },
    /// Neither a regular file nor a block device; opening it might wait, or
    /// set something off.
    #[error("{} is {what}, not an image", .path.display())]
    NotAnImage {
        /// What was to be opened.
        path: PathBuf,
        /// What it is, such as `a directory`.
        what: &'static str,
    },
    /// It can be read, but the claim takes write access.
    #[error("cannot open {} for writing: {source}", .path.display())]
    OnlyReadable {
        /// What was to be opened.
        path: PathBuf,
        /// What open(2) said.
        source: io::Error,
    },
    /// Anything else.
    #[error("cannot open {}: {source}", .path.display())]
    Other {
        /// What was to be opened.
        path: PathBuf,
        /// What stat(2) or open(2) said.
        source: io::Error,
    },
}

/// An image that this process has open with a claim to it, as QEMU would.
///
/// It lets go when it is dropped. POSIX locks are let go earlier if this
/// process closes *any* descriptor of the image; OFD locks later if another
/// process has got a copy of the descriptor.
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
    /// Opens the image `path` with the access that `claim` needs, and finds
    /// out which locks `locking` leads to there. It locks nothing yet.
    ///
    /// The descriptor is close-on-exec.
    ///
    /// # Errors
    /// [`OpenError`]. A FIFO, a socket or a character device is not opened:
    /// that could wait for somebody, or set a device going.
    pub fn open(path: &Path, claim: Claim, locking: Locking) -> Result<Hold, OpenError> {
        check_kind(path)?;
        let access = Access::needed_by(claim);
        let file = super::open(path, access, true)
            .map_err(|errno| cannot_open(path, access, errno.into()))?;
        let best = best_backend(file.as_fd());
        Ok(Hold { file, claim, best, locking, claims: ByteClaims::default() })
    }

    /// Which locks it takes; `None` when it takes none.
    pub fn backend(&self) -> Option<Backend> {
        self.locking.resolve(self.best).0
    }

    /// Whether it takes POSIX locks for want of OFD locks, so that QEMU would
    /// print [`FALLBACK_WARNING`](super::FALLBACK_WARNING).
    pub fn falls_back(&self) -> bool {
        self.locking.resolve(self.best).1
    }

    /// Asks whether [`Hold::acquire`] would be granted, without a lock that
    /// others could meet. The answer may be out of date at once.
    ///
    /// # Errors
    /// What `acquire` would meet.
    pub fn test(&self) -> Result<(), AcquireError> {
        match self.backend() {
            Some(backend) => {
                self.claims.test(&mut KernelLocks::new(self.file.as_fd(), backend), self.claim)
            }
            None => Ok(()),
        }
    }

    /// Acquires the claim; a refusal leaves nothing locked, and it may be
    /// tried again.
    ///
    /// # Errors
    /// A holder is in the way, or locks do not work on this file.
    pub fn acquire(&mut self) -> Result<(), AcquireError> {
        match self.backend() {
            Some(backend) => {
                self.claims.change(&mut KernelLocks::new(self.file.as_fd(), backend), self.claim)
            }
            None => Ok(()),
        }
    }

    /// Gives its bytes up, and only then closes the image. Not every server of
    /// a file system learns of a close.
    pub fn give_up(mut self) {
        if let Some(backend) = self.backend() {
            let mut locks = KernelLocks::new(self.file.as_fd(), backend);
            // Closing does it, too, wherever it is heard of.
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
    let kind = match std::fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(source) => return Err(cannot_open(path, Access::ReadOnly, source)),
    };
    let what = if kind.is_file() || kind.is_block_device() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a character device"
    };
    Err(OpenError::NotAnImage { path: path.to_owned(), what })
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
#[path = "hold_tests.rs"]
mod tests;
